"""Words of the instruction grammar: names of targets, adjectives of attributes, places, regions.

The first `CORE` entries of a list always belong to training; of the others one in seven is kept for
dev (see `split`). Words on the validation list `eval/heldout_words.json` are dropped everywhere.
"""

import json
import re
import zlib

from .paths import RECIPE

HELD_OUT = set(json.loads((RECIPE / "eval" / "heldout_words.json").read_text()))


def allowed(text: str) -> bool:
    """Whether a text is free of the words that are kept for validation."""
    return HELD_OUT.isdisjoint(re.findall(r"[a-z'-]+", text.lower()))


def prune(entry: str) -> str:
    """The entry without the alternatives of "[a|b]" that hold such a word."""

    def kept(match: re.Match) -> str:
        options = [o for o in match[1].split("|") if allowed(o)]
        return f"[{'|'.join(options)}]" if options else match[0]

    return re.sub(r"\[([^\[\]]*)\]", kept, entry)


def split(entries: list[str], core: int = 3) -> tuple[list[str], list[str]]:
    """Train and dev entries, by a hash of the entry."""
    entries = [e for e in dict.fromkeys(map(prune, entries)) if allowed(e)]
    dev = {e for e in entries[core:] if zlib.crc32(e.encode()) % 7 == 0}
    return [e for e in entries if e not in dev], [e for e in entries if e in dev]


def words(text: str) -> list[str]:
    """Entries written with commas or new lines between them."""
    return [w.strip() for w in re.split(r"[,\n]", text) if w.strip()]


# Count nouns take "a", mass and plural nouns "some"; the plural is made by the grammar.
# `player:` entries are persons or ways to name the part by its player.
TARGET_NOUNS = {
    "drums": words("""drums, drum kit, drum track, beat, drum part, drum loop, drum set, drum beat,
        drum groove, kick drum, snare drum, kick and snare, hi-hat, hi-hats, cymbals, backbeat,
        drum machine, breakbeat, rhythm section drums, drum line, toms, kick, snare, 808 drums,
        acoustic drums, live drums, brushed drums, trap drums, drum pattern, crash cymbal,
        ride cymbal, bass drum, four on the floor beat, boom bap beat, electronic drums, drumbeat,
        drum fill, drum fills, drum stem, drumkit, the kit, beats, rim shots, hats, drum rhythm"""),
    "bass": words("""bass, bass guitar, bass line, bassline, bass part, upright bass, double bass,
        electric bass, slap bass, synth bass, sub bass, walking bass, acoustic bass, fretless bass,
        bass track, bass groove, fingered bass, picked bass, bass riff, sub, 808 bass, string bass,
        bass stem, low end bass, bass notes, standup bass, bass guitars, jazz bass, basses"""),
    "guitar": words("""guitar, guitar part, guitars, guitar track, guitar line, guitar riff,
        guitar solo, guitar chords, lead guitar, rhythm guitar, guitar lick, guitar stem,
        guitar melody, guitar accompaniment, 12-string guitar, guitar strumming, guitar layer,
        slide guitar, guitar sound, six-string, guitar loop, guitar arpeggio, guitar fills"""),
    "acoustic guitar": words("""acoustic guitar, acoustic guitars, nylon guitar, steel-string guitar,
        nylon string guitar, classical guitar, spanish guitar, folk guitar, acoustic guitar part,
        finger-picked guitar, flamenco guitar, unplugged guitar, acoustic guitar chords, acoustic,
        strummed acoustic guitar, acoustic rhythm guitar, wooden guitar, acoustic strumming,
        acoustic guitar track, western guitar, steel string acoustic, parlour guitar, dreadnought,
        acoustic picking, campfire guitar, acoustic riff"""),
    "electric guitar": words("""electric guitar, electric guitars, clean electric guitar, jazz guitar,
        electric guitar part, electric guitar solo, stratocaster, gibson guitar, fender guitar,
        electric lead guitar, clean guitar, surf guitar, electric rhythm guitar, twangy guitar,
        hollow body guitar, electric guitar riff, les paul, amplified guitar, funk guitar,
        palm muted guitar, wah guitar, telecaster guitar, chorus guitar, strat, e-guitar,
        semi-acoustic jazz guitar, electric guitar line, electric guitar track"""),
    "distorted guitar": words("""distorted guitar, distorted guitars, overdriven guitar, fuzz guitar,
        heavy guitar, crunchy guitar, metal guitar, distorted electric guitar, distortion guitar,
        power chords, heavy metal guitar, high-gain guitar, distorted guitar riff, grunge guitar,
        overdrive guitar, heavy guitars, crunch guitar, chugging guitar, screaming guitar,
        dirty guitar, heavily distorted guitar, guitar with distortion, guitar with overdrive,
        guitar with fuzz, punk guitar, shredding guitar, saturated guitar, distorted lead guitar"""),
    "piano": words("""piano, piano part, grand piano, electric piano, piano chords, keys, pianos,
        rhodes, upright piano, piano line, piano melody, piano track, keyboard, wurlitzer, honky-tonk,
        piano accompaniment, piano solo, keyboards, e-piano, steinway, piano stem, honky tonk piano,
        fender rhodes, baby grand, jazz piano, ivories, piano riff, concert grand, piano arpeggio,
        piano notes, rhodes piano, pianoforte, clavinet, harpsichord, toy piano, piano layer"""),
    "organ": words("""organ, hammond organ, church organ, pipe organ, hammond, organ part,
        organ chords, drawbar organ, rock organ, electric organ, b3, organs, organ track, reed organ,
        organ solo, farfisa, vox continental, hammond b3, accordion, organ line, theatre organ,
        cathedral organ, leslie organ, harmonium, organ stem, tonewheel organ, gospel organ"""),
    "strings": words("""strings, string section, violin, violins, cello, string ensemble, viola,
        string quartet, orchestral strings, fiddle, string part, cellos, string orchestra, violas,
        bowed strings, pizzicato strings, tremolo strings, string pad of real violins, harp,
        symphonic strings, violin line, solo violin, solo cello, chamber strings, violin melody,
        string arrangement, staccato strings, legato strings, violin section, string stem,
        orchestra strings, violin solo, fiddles, violoncello, string players"""),
    "brass": words("""brass, trumpet, horns, horn section, brass section, trombone, french horn,
        trumpets, tuba, trombones, horn, brass part, brass ensemble, brass band, muted trumpet,
        flugelhorn, cornet, brass line, french horns, trumpet solo, orchestral brass, bugle,
        trumpet part, brass hits, horn line, euphonium, horn part, brass stem, sousaphone,
        trumpet melody, brass fanfare, trombone part"""),
    "woodwind": words("""flute, saxophone, woodwind, clarinet, sax, woodwinds, oboe, alto sax,
        tenor sax, bassoon, flutes, saxophones, sax solo, piccolo, recorder, tenor saxophone,
        alto saxophone, pan flute, baritone sax, soprano sax, clarinets, flute melody, oboes,
        woodwind section, english horn, tin whistle, woodwind part, flute line, bass clarinet,
        shakuhachi, ocarina, reeds, pan pipes, saxes, woodwind quintet, flute solo, oboe part"""),
    "synth": words("""synth, synthesizer, synths, synthesizers, synth part, synth line, synthesiser,
        analog synth, moog, synth arpeggio, synth sound, keyboard synth, modular synth, synth riff,
        synth chords, synth stabs, electronic synth, polysynth, arpeggiator, synth melody, dx7,
        analogue synthesizer, synth track, synth sequence, synth stem, retro synth, juno synth"""),
    "synth lead": words("""synth lead, lead synth, synth leads, lead synthesizer, square lead,
        saw lead, sawtooth lead, synthesizer lead, synth solo, lead synth line, trance lead,
        synth lead melody, portamento lead synth, supersaw lead, synth lead line, edm lead,
        mono synth lead, solo synth, square wave lead"""),
    "synth pad": words("""synth pad, pad, synth pads, pads, ambient pad, synthesizer pad, pad sound,
        string synth pad, warm pad, atmospheric pad, pad layer, background pad, synth pad layer,
        evolving pad, analog pad, pad chords, airy pad, synth wash, new age pad, drone pad"""),
    "percussion": words("""percussion, congas, tambourine, bongos, shaker, hand percussion, maracas,
        cowbell, percussion part, bongo drums, conga drums, timpani, triangle, claves, djembe,
        hand claps, handclaps, claps, cabasa, guiro, timbales, woodblock, percussions, shakers,
        castanets, cajon, agogo, tabla, marimba, vibraphone, xylophone, glockenspiel, wood block,
        percussion loop, latin percussion, african percussion, finger snaps, kettledrums,
        steel drum, auxiliary percussion, percussion track, sleigh bells, taiko, tambourines"""),
    "choir": words("""choir, choir voices, chorus of singers, choral part, gospel choir, choirs,
        choir aahs, vocal choir, boys choir, church choir, singing choir, choral voices, choir part,
        choir pad, mixed choir, backing choir, oohs and aahs, children's choir, monks chanting,
        vocal ensemble, choir sound, choral singing"""),
    "vocals": words("""vocals, voice, singer, vocal, singing, lead vocal, lead vocals, vocalist,
        singing voice, vocal track, singer's voice, backing vocals, vocal part, voices, female vocals,
        male vocals, lead singer, background vocals, vocal line, vocal stem, rap, rapper,
        vocal melody, sung part, rapping, vox, backup singers, main vocal, soprano, tenor voice,
        lead voice, human voice, vocal harmonies, singers"""),
    "speech": words("""speech, speaker, narrator, talking, dialogue, spoken words, narration,
        speaking voice, spoken voice, interviewer, presenter, announcer, podcast host, voice-over,
        spoken part, conversation, lecture, commentary, talker, host's speech, person talking"""),
    "music": words("""music, background music, music under the voice, backing music, soundtrack,
        music in the background, underlying music, music bed, music behind the speaker, jingle,
        musical background, music underneath, accompanying music, music from the podcast"""),
    "noise": words("""noise, background noise, hiss, hum, clicks, static, tape hiss, mains hum,
        crackle, wind noise, buzz, room noise, vinyl crackle, clicks and pops, traffic noise,
        hissing, humming noise, buzzing, rumble, ambient noise, white noise, fan noise, wind,
        microphone noise, noise floor, electrical hum, record scratches, line noise, air conditioner"""),
    "reverb": words("""reverb, echo, reverberation, room sound, echoes, hall sound, roominess,
        room echo, reverb tail, boomy room sound, echoey sound, natural reverb"""),
    "other": words("""birds, rain, dog, siren, dog barking, thunder, applause, bell, footsteps,
        church bells, cat, crowd, door slam, engine, clock ticking, car horn, birdsong, cough,
        waves, explosion, laughter, typing, phone ringing, fire crackling, gunshot, bird song,
        barking dog, helicopter, crickets, ocean waves, waterfall, baby crying, alarm, train, car,
        sneeze, doorbell, whistle, cheering, chirping birds, banjo, ukulele, mandolin, sitar,
        harmonica, bagpipes, kalimba, didgeridoo, turntable scratches, airplane, cat meowing,
        glass breaking, water dripping, crowd noise, wind chimes, rooster, cow, sheep, frog, horse,
        beep, beeping, lawnmower, chainsaw, keyboard typing, street sounds, seagulls, owl"""),
}

PLAYERS = {
    "drums": words("drummer, guy on drums, person on the drum kit, drum player, man on the drums"),
    "bass": words("bass player, bassist, bass guitarist, guy on bass, person playing bass"),
    "guitar": words("guitarist, guitar player, guy on guitar, lead guitarist, rhythm guitarist"),
    "acoustic guitar": words("acoustic guitarist, acoustic guitar player, classical guitarist"),
    "electric guitar": words("electric guitarist, electric guitar player, jazz guitarist"),
    "distorted guitar": words("metal guitarist, heavy metal guitar player"),
    "piano": words("pianist, piano player, keyboard player, keyboardist, guy on the keys"),
    "organ": words("organist, organ player, hammond player"),
    "strings": words("violinist, cellist, string players, violin player, fiddler, violists"),
    "brass": words("trumpeter, trumpet player, horn players, trombonist, horn player, tuba player"),
    "woodwind": words("flautist, saxophonist, sax player, flute player, clarinettist, oboist"),
    "synth": words("synth player, synthesist, guy on synths"),
    "percussion": words("percussionist, conga player, bongo player, tambourine player"),
    "choir": words("choir singers, choristers, choir members"),
    "vocals": words("singer, vocalist, lead singer, person singing, rapper, woman singing, soprano"),
}

# Said of a part without an article's "a": mass nouns and plurals that do not end in s.
MASS = set(words("""brass, percussion, woodwind, singing, rap, rapping, speech, talking, dialogue,
    music, noise, hiss, hum, static, reverb, echo, rain, thunder, applause, latin percussion, keys,
    wind, laughter, hand percussion, typing, narration, background noise, background music, fire,
    vox, choral singing, auxiliary percussion, orchestral brass, guitar with distortion"""))

ATTRIBUTE_WORDS = {
    "soft": words("""soft, gentle, quiet, delicate, tender, subtle, very soft, calm, light, faint,
        mellow, softly played, hushed, understated, whispering, low-key, discreet, quietly played"""),
    "loud": words("""loud, powerful, very loud, blaring, thunderous, booming, strong, massive, huge,
        deafening, forceful, in-your-face, ear-splitting, big, prominent, loudly played"""),
    "distorted": words("""distorted, fuzzy, overdriven, crunchy, gritty, dirty, saturated,
        heavily distorted, growling, grungy"""),
    "clean": words("clean, undistorted, pristine, clear, clean-sounding, crystal clear, pure"),
    "fast": words("""fast, quick, rapid, speedy, uptempo, driving, hectic, racing, lively, energetic,
        fast-paced, double-time, galloping, up-tempo, furious"""),
    "slow": words("""slow, unhurried, laid-back, leisurely, sluggish, slow-moving, half-time,
        dragging, relaxed, languid, slowly played"""),
    "sparse": words("""sparse, minimal, simple, thin, occasional, minimalist, stripped-down, basic,
        sparing, spacious, bare-bones, uncluttered"""),
    "dense": words("""dense, busy, thick, full, rich, layered, lush, complex, intricate, packed,
        elaborate, ornate"""),
    "high": words("""high, high-pitched, shrill, soaring, high-register, piercing, high up, treble,
        upper-register, falsetto"""),
    "low": words("""low, deep, low-pitched, rumbling, low-register, bottom-heavy, subterranean,
        down low, lower-register, very low"""),
    "bright": words("""bright, sparkling, shiny, crisp, brilliant, glittering, shimmering, sparkly,
        crispy, glassy, brassy sounding, airy"""),
    "dark": words("""dark, gloomy, moody, sombre, murky, dull, brooding, sinister, muted and dark,
        ominous, dusky, warm and dark"""),
    "rock": words("rock, rocking, rock and roll, hard rock, indie rock, classic rock, rocky, punk"),
    "pop": words("pop, poppy, synth-pop, chart pop, indie pop, radio pop"),
    "jazz": words("jazz, jazzy, swing, bebop, big band, swinging, smooth jazz, bossa jazz"),
    "blues": words("blues, bluesy, delta blues, blues shuffle, twelve-bar blues, slow blues"),
    "metal": words("metal, heavy metal, death metal, thrash, thrash metal, djent, black metal"),
    "funk": words("funk, funky, disco funk, groovy funk, slap funk, soul funk"),
    "classical": words("classical, baroque, romantic classical, orchestral, mozart-like, symphonic"),
    "folk": words("folk, folky, celtic, irish folk, folksy, acoustic folk"),
    "country": words("country, bluegrass, country and western, nashville, honky country, twangy country"),
    "electronic": words("electronic, techno, edm, house, trance, dubstep, drum and bass, electro, dance"),
    "reggae": words("reggae, dub, ska, reggae-style, dancehall, rasta"),
    "latin": words("latin, salsa, bossa nova, samba, cuban, tango, latin american, mambo"),
    "hiphop": words("hip hop, hip-hop, trap, lo-fi hip hop, boom bap, rap-style, lofi"),
    "ambient": words("ambient, atmospheric, dreamy, chillout, ethereal, floating, meditative"),
}
GENRES = list(ATTRIBUTE_WORDS)[12:]

SONG = words("""song, track, music, mix, recording, tune, piece, audio, file, arrangement, clip,
    record, number, composition, this, it, my song, whole thing, soundtrack, sound file, jam, demo""")

REGION = words("""from 0:30 to 1:00, in the first ten seconds, until the end, from 0:12 to 0:20,
    at the beginning, at the end, in the chorus, in the intro, between 0:10 and 0:25,
    during the verse, for the last 20 seconds, after 1:30, before 0:45, in the middle, halfway through,
    from the second verse on, starting at 0:40, in the second half, up to 1:15, for eight bars,
    in the bridge, throughout, at 0:33, from 10s to 20s, during the first minute, over the ending,
    from 1:05 until 1:45, in the last half minute, for the first 5 seconds, between seconds 3 and 9,
    everywhere, in the opening, all the way through, from the start to 0:50, from minute two on,
    at 15 seconds, through the whole song, in the final chorus, when the verse starts""")
