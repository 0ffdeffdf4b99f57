"""Trains the event editor: the music model's stem editor, which makes sound events for a scene.

    python -m Models.training.sound.editor --run events --vae Models/music/vae.safetensors --minutes 60

After AUDIT (2304.00830): latent diffusion that sees the latents of the scene and the text; here it
makes the event alone, which is then added, so that the scene keeps its samples. Events are dropped
by the mask network, and replaced by both.
"""

from ..loop import Run, options
from ..music.editor import Flow, with_noise
from ..music.latents import SECONDS, Batches, load_vae
from ..music.phrases import Phrases
from ..networks import StemEditor, StemEditorConfig
from .mixtures import MADE, SoundMixer

DEV_BATCHES, DEV_ITEMS = 6, 12


def main() -> None:
    parser = options(__doc__.splitlines()[0], 60)
    parser.add_argument("--vae", required=True, help="safetensors of the mel VAE")
    flags = parser.parse_args()
    config = StemEditorConfig()
    run = Run(StemEditor(config), flags)
    vae = load_vae(flags.vae)
    train = Batches(vae, SoundMixer("train", SECONDS, run.step), run.step, reuse=8)
    held = Batches(vae, SoundMixer("dev", SECONDS, 1), 1)
    dev = with_noise([held.draw(DEV_ITEMS, ["add"]) for _ in range(DEV_BATCHES)])
    flow = Flow(config, Phrases(MADE), train.rng, timbre=None)
    run.train(lambda module: flow.losses(module, train.draw(flags.batch, ["add"])),
              lambda module: flow.evaluate(module, dev))


if __name__ == "__main__":
    main()
