"""Analytic cases for the metrics: `python -m unittest Benchmarks.quality.test_metrics`."""

import unittest

import numpy as np

from Benchmarks.quality import adding, metrics, scores
from Benchmarks.quality.metrics import RATE


def tone(hz: float, seconds: float = 3.0, peak: float = 0.5) -> np.ndarray:
    return peak * np.sin(2 * np.pi * hz * np.arange(int(seconds * RATE)) / RATE)


def noise(seconds: float = 3.0, seed: int = 0) -> np.ndarray:
    return 0.1 * np.random.default_rng(seed).standard_normal(int(seconds * RATE))


class SISDR(unittest.TestCase):
    def test_orthogonal_error_of_a_tenth_is_20_db_at_any_scale(self):
        a, b = tone(440), tone(880)
        for scale in (1.0, -3.0, 1e-3):
            self.assertAlmostEqual(metrics.si_sdr(scale * (a + 0.1 * b), a), 20, places=3)

    def test_energy_ratio_of_a_mixture_is_its_level(self):
        a, b = tone(440, peak=0.25), tone(880)
        self.assertAlmostEqual(metrics.si_sdr(a + b, a), 20 * np.log10(0.5), places=3)

    def test_limits(self):
        self.assertEqual(metrics.si_sdr(tone(440), tone(440)), 100)
        self.assertEqual(metrics.si_sdr(np.zeros(RATE), tone(440, 1)), -100)
        with self.assertRaises(ValueError):
            metrics.si_sdr(tone(440), np.zeros(3 * RATE))

    def test_stereo_counts_both_channels(self):
        a, b = tone(440), tone(880)
        wrong_right = np.stack([a, a + 0.1 * b], 1)
        self.assertAlmostEqual(metrics.si_sdr(wrong_right, np.stack([a, a], 1)),
                               20 + 10 * np.log10(2), places=3)


class Spectra(unittest.TestCase):
    def test_lsd_of_a_gain_is_the_gain(self):
        sound = noise()
        self.assertAlmostEqual(metrics.lsd(sound, sound), 0)
        self.assertAlmostEqual(metrics.lsd(sound * 0.5, sound), 20 * np.log10(2), delta=0.01)

    def test_silence_is_the_floor_away(self):
        distance = metrics.lsd(np.zeros(3 * RATE), noise())
        self.assertGreater(distance, 60)
        self.assertLessEqual(distance, -metrics.FLOOR_DB)

    def test_ssim(self):
        sound = noise() + tone(440)
        self.assertAlmostEqual(metrics.mel_ssim(sound, sound), 1)
        near, far = sound + 0.02 * noise(seed=1), noise(seed=2)
        self.assertGreater(metrics.mel_ssim(near, sound), metrics.mel_ssim(far, sound))

    def test_magnitude_of_a_tone_on_a_bin(self):
        hz = 100 * RATE / 2048
        peak = metrics.magnitudes(tone(hz))[20].max()
        self.assertAlmostEqual(peak, 0.5 * 2048 / 4, delta=0.1)  # amplitude x window sum / 2


class Loudness(unittest.TestCase):
    def test_reference_tone_of_bs_1770(self):
        # A 997 Hz sine at full scale in one channel reads -3.01 LUFS.
        self.assertAlmostEqual(metrics.loudness(tone(997, 5, 1.0)), -3.01, delta=0.05)

    def test_level_is_a_difference(self):
        about = adding.Song(None, None, metrics.loudness(tone(997, 5, 1.0)))
        self.assertAlmostEqual(adding.level(tone(997, 5, 0.5), about), -6.02, delta=0.01)
        self.assertEqual(metrics.loudness(np.zeros(5 * RATE)), -70)


class Frechet(unittest.TestCase):
    def test_shift_and_scale_in_one_dimension_each(self):
        a = np.random.default_rng(0).standard_normal((20000, 3))
        self.assertAlmostEqual(metrics.frechet(a, a), 0, places=6)
        self.assertAlmostEqual(metrics.frechet(a, a + [3, 0, 0]), 9, places=6)
        self.assertAlmostEqual(metrics.frechet(a, 2 * a) / np.trace(np.cov(a.T)),
                               1 + (2 * a.mean(0) - a.mean(0)) @ a.mean(0) / 3, delta=0.01)

    def test_kl(self):
        p = np.log([[0.5, 0.5]])
        self.assertAlmostEqual(scores.kl(p, p + 7), 0)
        self.assertAlmostEqual(scores.kl(p, np.log([[0.25, 0.75]])),
                               0.5 * np.log(2) + 0.5 * np.log(2 / 3))


class Fit(unittest.TestCase):
    def test_onsets(self):
        a = np.array([0.0, 1.0, 2.0, 3.0])
        self.assertEqual(metrics.onset_f1(a, a + 0.049), 1)
        self.assertEqual(metrics.onset_f1(a, a + 0.051), 0)
        self.assertEqual(metrics.onset_f1(a, a[:2]), 2 * 2 / 6)
        self.assertEqual(metrics.onset_f1(a, np.zeros(0)), 0)
        # One onset matches once, and an early one does not block the next.
        self.assertEqual(metrics.matches(np.array([1.0, 1.04]), np.array([1.02]), 0.05), 1)
        self.assertEqual(metrics.matches(np.array([0.99, 1.04]), np.array([1.03, 1.08]), 0.05), 2)

    def test_chroma_cosine(self):
        a = np.zeros((12, 40))
        a[0, :20], a[7, 20:] = 1, 1
        beats = np.array([10, 20, 30])
        self.assertAlmostEqual(metrics.chroma_cosine(a, a, beats), 1)
        self.assertAlmostEqual(metrics.chroma_cosine(a, np.roll(a, 1, 0), beats), 0)
        half = a.copy()
        half[:, 20:] = 0  # rests do not count
        self.assertAlmostEqual(metrics.chroma_cosine(half, a, beats), 1)
        self.assertEqual(metrics.chroma_cosine(0 * a, a, beats), 0)

    def test_normalised(self):
        fits = np.full((4, 4), 0.2) + 0.6 * np.eye(4)
        deaf = np.full((4, 4), 0.9)
        half = np.full((4, 4), 0.5) + 0.3 * np.eye(4)
        self.assertAlmostEqual(adding.normalised(fits, fits), 1)
        self.assertAlmostEqual(adding.normalised(deaf, fits), 0)
        self.assertAlmostEqual(adding.normalised(half, fits), 0.5)

    def test_sketch_hears_clicks_and_pitch(self):
        sound = np.zeros(4 * RATE)
        times = np.arange(0.5, 3.6, 0.5)
        for time in times:
            at = int(time * RATE)
            sound[at : at + RATE // 4] += (tone(440, 0.25) * np.exp(-np.arange(RATE // 4) / 1000))
        found = adding.sketch(sound)
        self.assertGreater(metrics.onset_f1(found.onsets, times), 0.9)
        self.assertEqual(found.chroma.sum(1).argmax(), 9)  # A


if __name__ == "__main__":
    unittest.main()
