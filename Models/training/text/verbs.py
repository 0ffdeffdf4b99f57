"""Verbs of the operations, one entry a line or comma; `templates.py` builds patterns from them.

A verb with "~" takes its object there ("take ~ out"); without, at the end. Words that are kept for
validation drop out on their own (`lexicon.allowed`).
"""

from .lexicon import words

ADD = words("""administer, adorn ~ onto this, affix, allocate, arrange, assemble, assign, bestow, bring along, bring about, bring forth, bring on, bring up, build, build in, build up, call for, call in,
    carry in, cast in, channel, combine in, concoct, conjure, conjure up, construct, contribute, cook up,
    couple in, craft, deal in, deliver, deploy, deposit, design, develop, devise, dish out, dish up, dispatch,
    donate, double in, drag in, drape, draw in, drip in, drive in, dub in, dub, embed, emplace, engage, enlist,
    ensure, establish, evoke, extend ~ under this, fabricate, factor in, fade in, fashion, feed in, fit,
    fit in, fix ~ to this, flesh it out with, float in, flow in, fold in, forge, form, foster, funnel in,
    fuse in, gather in, glue ~ on, grant, grant me, grow, hand me, hammer in, hang ~ on this, haul in, have,
    heap on, help it with, hitch, hoist in, host, immerse it in, impart, implement, import, improvise, infuse,
    infuse it with, initiate, inject, inlay, innovate, install, instil, institute, interject, interlace,
    interleave, intersperse, invent, invoke, involve, issue, jam in, jot in, kick in, kick off, knit in, launch,
    lead in, leak in, let in, let me have, line up, link, load, load in, lob in, loop in, manufacture, merge in,
    mingle in, mount, move in, nail ~ on, nestle in, offer, open with, ornament it with, paint in, pair it with,
    paste in, patch in, pen, perform, phase in, pile on, pile up, pin ~ on, pipe in, plant, plaster on, plug in,
    pour in, prepare, present, program, program in, propose, provide, provide me with, pull in, pump in,
    push in, raise, render, reinforce it with, ring in, roll in, roll out, round up, rope in, rush in, schedule,
    season it with, send in, serve, serve up, set up, shape, ship in, shove in, shovel in, show me, sketch in,
    sling in, slot in, soak it in, sow, splice in, spray on, spread on, sprout, stage, station, steer in,
    stir in, string in, stuff in, subjoin, suggest, summon, sweeten it with, synthesise, tag on, tape on, tie in,
    tuck in, tuck ~ under it, turn up with, unfold, unite it with, usher ~ through, wedge in, weld on, wire in,
    work in, wrap it in, write in, yield, colour it with, coat it with, cover it in, crown it with, cushion it with,
    deck it out with, ease in, equip it with, fill it with, flavour it with, flood it with, frame it with, fit it with,
    furbish it with, lace it with, line it with, load it with, marry it with, mix it with, outfit it with, pack it with,
    pad it out with, pepper it with, perfect it with, polish it with, populate it with, prop it up with, provide it with,
    saturate it with, stock it with, strengthen it with, supplement it with, top it with, warm it up with, wash it with""")

REMOVE = words("""abandon, abort, abolish, ablate, abscond with, annihilate, amputate, annul, assassinate,
    atomise, avoid, back out, ban, bar, barricade, beat ~ out, bleed ~ out, bleep ~ out, blot out,
    block, blow away, boot, boot ~ out, bounce ~ out, bow out, break off, brush ~ away, brush off, burn ~ away, bury, bypass,
    call off, cancel ~ out, cast away, cast out, cast ~ aside, cease, censor, chase ~ away, chase off, chip away,
    chuck, cleanse it of, clean ~ away, clip ~ out, close down, comb ~ out, conceal, cull, curtail, cut away, cut off, cut short,
    deactivate, debar, decimate, deduct, de-emphasise ~ to nothing, defeat, delete, demolish, deny, deport, deprive it of, despatch,
    destroy, detract, devoid it of, die away, dislodge, disallow, disband, discharge, disconnect, discontinue, disintegrate,
    dismantle, dispel, displace, disregard, dissolve, divest it of, do without, dock, drain, drain off, drive away, drive ~ out, drop off,
    drown, dust off, edge ~ out, efface, eject, eliminate, empty it of, end, eradicate, eschew, eviscerate, exile, exit, expatriate,
    exorcise, exterminate, extinguish, extirpate, extrude, fade ~ completely, fell, fend off, finish off, force ~ out, free it from, freeze ~ out,
    gouge ~ out, halt, hide, hold back, hoover ~ up, hurl ~ away, ignore, impound, invalidate, jettison, keep ~ away, keep ~ out, kick ~ out,
    kill ~ off, knock off, knock ~ out, lay off, lay ~ to rest, leave off, let go of, liquidate, lock ~ out, lop off, make away with, mask, mow down,
    move ~ out, neglect, negate, neutralise, nip out, nullify, offload, oust, overrule, pack away, pack ~ up, pare away, part with, pass over,
    phase out, pick off, pinch off, pitch ~ out, plough under, polish off, pluck away, poke out, pour out, prohibit, prune, pull ~ away, pull the plug on,
    pulverise, push ~ away, push ~ out, put ~ away, put an end to, put away, put ~ out, put ~ to sleep, quash, quell, quench, quieten ~ completely, quit using,
    raze, recall, refuse, reject, relinquish, renounce, repel, reduce ~ to silence, repress, retract, revoke, ring off, rinse ~ away, rinse out, root ~ out,
    rout, rub out, rule out, run off, sacrifice, scatter, scour away, scoop ~ out, scrape ~ away, scrape off, screen ~ out, seal off, see off, send ~ away, send off,
    set aside, sever, shed, shake off, shave off, shelve, shield me from, shift ~ out, shoo away, shoot down, shove ~ aside, shovel ~ away, shun, sideline,
    sift ~ away, skim off, slash, slice ~ off, slice off, smash, smother, smoke ~ out, snip, snip out, snuff out, spare me, splice ~ out, spit out, squash, squeeze out,
    stamp out, starve it of, steer clear of, stifle, still, stomp out, stop ~ from playing, stow away, strangle, strike, strike out, strip off, subdue ~ entirely,
    suck ~ out, suspend, swat, sweep ~ away, swipe ~ away, take ~ out of there, take down, take off, take ~ out, tear ~ out, tear away, terminate, throw ~ overboard, thin ~ out to nothing,
    throttle, thrust ~ out, tip out, toss ~ aside, transport ~ away, trash, trim away, trim ~ off, tune ~ out, turf out, turn ~ away, turn out, uninstall, unload, unmake, unplug, unset, uproot, vacate, vaporise,
    veto, void, waive, ward off, wash away, wash ~ out, waste, wave goodbye to, wean it off, weed out, weed ~ out, whisk ~ away, whisk away, whitewash, wind down, withdraw, withhold, write off, x out, zero out""")

EXTRACT = words("""aim for ~ alone, acquire only, admit only, allow only, appropriate only, assemble only, attend only to, break out ~ as a stem, bring ~ out on its own,
    bring ~ to the front with everything else gone, bring ~ up with the rest muted, capture ~ separately, capture only, catch only, choose only, cherry-pick, clone only, collect just, concentrate on ~ alone,
    concentrate only on, confine it to, confine the song to, contain only, copy ~ on its own, copy just, crop it to, cut it down to, cut ~ loose from the rest, decompose it into ~ alone, deconvolve,
    deliver only, derive, disembed, disengage ~ from the others, display only, dissolve everything around, distinguish ~ and give me that, download only, draw ~ out alone, draw out ~ from the mix,
    elicit, enjoy just, export just, export only, feature only, feature ~ solo, filter it down to, filter for, filter to only, foreground only, find me just, free ~ from the mix, free ~ of its surroundings, gain only, gather just,
    gather only, get at ~ alone, get down to just, get ~ to stand alone, give me solo, give me purely, give ~ its own file, give ~ its own track, glean, go down to only, grab just, grab ~ by itself, grab only, grab me, guard only, hand me just, hand me only,
    have ~ stand alone, hear just, hear nothing but, hear solely, highlight only, highlight ~ and mute the rest, hold on to only, home in on ~ alone, hold only, include only, interest me only in, isolate, isolate out, keep ~ and lose the others, keep merely, keep solely,
    lay ~ bare, leave behind only, leave me with only, leave me with just, let me enjoy ~ alone, let only ~ through, let ~ stand alone, let through only, liberate, limit the mix to, list only, listen just to, listen only to, make ~ a stem, make ~ a solo, make a stem of,
    make an extract of, maintain only, mine ~ from the mix, minimise it to, monitor only, narrow it down to, narrow to, output ~ by itself, offer me only, pass only, pass only ~ through, pick ~ out, pick just, pick only, pinpoint, play back only, play just, play solely, present only, preserve just,
    print only, process out ~ alone, produce a stem of, produce a solo of, produce only, provide just, provide ~ separately, provide me only with, pull ~ apart from the rest, pull ~ from the mix, put ~ alone in a file, put ~ in its own file, put ~ on a separate track, put only ~ through,
    receive just, record just, redact everything but, release only, render just, render only, render ~ separately, reproduce only, reserve only, restore only, retrieve, retrieve just, return just, sample, save just, save only, scoop up ~ alone, segment out, segregate, select, select just,
    send me just, send me only, separate ~ out, set ~ apart, set apart, set ~ free, set it to ~ only, share only, show just, show only, show me just, sift out and keep, sift ~ from the rest, simplify it to, skim ~ from the mix, slice out and keep, slim it down to, solo out, source ~ from this song,
    split ~ into its own track, split ~ from the others, spare only, stem out, store just, store ~ separately, strain ~ from the mix, strip back to, strip to only, take away everything but, take everything away but, take just, take ~ by itself, tap ~ only, trim down to, trim it to, tune in to ~ only, turn everything off but,
    uncover, unlock ~ on its own, unmask, unravel, untie ~ from the others, unwrap, use just, use only, want just, want only, winnow out, withdraw everything except, write out only, yield only, zoom in on ~ alone, make everything silent but, everything silent except, hush everything except,
    quieten everything but, block everything but, block all but, suppress everything besides, suppress all but, discard all but, eliminate all but, subtract everything but, cancel everything except, filter away everything but, throw away all but, disable everything but, switch off all but, clear everything but""")

# Verbs that take a part out to keep it; "v" forms as in ADD and REMOVE.
EXTRACT_BARE = words("""gather, collect, snatch, seize, draw ~ out, get, find, locate, select, choose, pick, pick ~ out, keep, hold, save, store, preserve,
    retain, reserve, maintain, recover, retrieve, capture, catch, copy, clone, quarry, excavate, exhume, dredge ~ up, dig ~ up, hunt ~ down, track ~ down,
    round up, cut ~ out and keep it, scoop ~ up, skim ~ off and keep it, sift ~ out, winnow, strain ~ out, refine, disentangle, unbundle, decouple, divide ~ off, part ~ from the rest,
    partition, split, break ~ out, emphasise ~ and nothing else, feature, highlight, underline, stress, foreground, showcase, present, show, display, uncover, unveil, disclose,
    unwrap, bare, focus on, concentrate on, narrow it to, home in on, zoom in on, listen to, hear, enjoy, monitor, audition, preview, star, favour, prioritise, elevate,
    export, print, bounce, render ~ as audio, download, return, output, bring me, give me, hand me, pass me, send me, show me, let me have ~ for myself, let me hear, play me, read out,
    mine ~ from the mix, pull ~ from the mix, take ~ from the mix, lift, win ~ from the mix, free, release, liberate, rescue ~ from the mix, untangle, unmix, demix, unpick, unstack,
    spot, trace, elicit, glean, sample, segregate, separate, isolate, extract, solo, stem, segment, cream ~ off, filter ~ into a file, map out, make ~ stand out alone, draw ~ from the song,
    cut it down to, strip it down to, slim it down to, shrink it to, bring it down to, take it down to, scale it down to, edit it down to, thin it out to, trim it to, strip back to,
    simplify it to, decompose it into, confine it to, limit it to, restrict it to, collapse it to, fold it down to, turn it down to just, grab, grab me, appropriate, secure, earn me, net me""")

REPLACE = words("""replace {a} with {b}, alter {a} into {b}, adapt {a} for {b}, commute {a} into {b}, change out {a} for {b}, change over from {a} to {b}, cover {a} with {b} instead,
    {b} in lieu of {a}, instead of {a} have {b}, instead of {a} {b}, {a} out and {b} in, {b} in and {a} out, out with {a} and in with {b}, in with {b} and out with {a}, make {a} sound like {b}, make {b} out of {a}, modify {a} to {b}, move {a} over to {b}, mutate {a} into {b},
    override {a} with {b}, overwrite {a} with {b}, put {b} where {a} was, redo {a} as {b}, redo {a} on {b}, reinterpret {a} on {b}, render {a} as {b}, reshape {a} into {b}, re-voice {a} with {b}, rotate {a} out for {b}, revise {a} to {b}, shift from {a} to {b}, supersede {a} with {b}, supplant {a} with {b}, switch {a} and use {b}, swap in {b} for {a},
    take {b} rather than {a}, take {b} instead of {a}, take out {a} and give me {b}, translate {a} to {b}, transcribe {a} for {b}, transition {a} to {b}, turn {a} over to {b}, use {b} to play {a}, use {b} not {a}, {b} not {a}, {b} should replace {a}, {b} should play what {a} plays, {b} should take over for {a}, {b} must replace {a}, {b} will do what {a} did, let {b} do the part of {a}, let {b} replace {a}, let {a} be {b}, have {b} where {a} is, have {b} instead of {a}, hand the part of {a} to {b}, give the part of {a} to {b}, give {a} part to {b},
    i would love {b} instead of {a}, i want {a} replaced by {b}, i want {a} changed to {b}, i want {a} to be {b}, i want {a} to become {b}, {a} replaced with {b}, {a} swapped for {b}, {a} becomes {b}, {a} -> {b}, {a} to {b}, {b} for {a} please, change up {a} for {b}, drop {a} and use {b}, remove {a} and add {b} instead, mute {a} and play {b} instead, kick {a} out for {b}, {b} would be better than {a}, {b} would fit better than {a}, i like {b} better than {a} so change it, not {a} but {b}, stop using {a} and use {b}""")

# Whole-sentence patterns in other voices; "{np}" indefinite, "{nps}" definite.
ADD_MORE = """[this|it|the {song}] [is in need of|is in want of|is short on|is crying for|has room for|is ready for|would profit from|would gain from|would love|might like|could do with|would do well with|longs for|is hungry for|yearns for|screams for] {np}
{np} [would do wonders|would be cool|would be lovely|would be perfect|wouldn't hurt|would fit|belongs here|goes here|should go here|should be here|could work|will do|might be good|would make it|would lift this|would save this|comes next|comes in here] [here|in this|on it|now|]
[i think|maybe|perhaps|i guess|i feel|surely] [it|this|the {song}] [needs|wants|should have|could have|could use] {np}
[i'm thinking|thinking|i am thinking] {np} [here|in the chorus|on top]
[i am after|i'm after|i'm looking for|i'm dying for|i dream of|i long for|i could do with|i'm hoping for|i am keen on|i feel like] {np}[| here| on this| in the {song}]
[wouldn't it be nice|it would be nice|it would be great|it'd be cool|would it be possible] to have {np}[| here| in this| on it]
[let me|let us|allow me to|help me] [have|hear|get] {np}[| here| on this| in the {song}]
somebody [playing|on] {noun} would be [cool|nice|great|lovely|good]
someone should play {noun}[| on this| here| in the background]
imagine {np} here[|, make it|, do that|. create that]
where is the {noun}? [put it in|add it|bring it]
[make|do] {np} [happen|appear|sound|ring out|play here]
[make|let] {np} [follow the chords|follow the singer|join the band|answer the melody|double the melody|carry the tune|hold the chords|fill the gaps]
{np} [that follows|following|to match|matching|to accompany|to support|supporting|behind|under] [the chords|the melody|the singer|the tune|the verse]
and now {np}
time for {np}
bring on {np}
cue {np}
next up: {np}
here comes {np}
one {noun} please
one more thing: {np}
{noun}, please[| play along| join us| come in]
we [lack|are lacking|still need|are short of|are without] {np}[|, please help|, so add one]
there's [no|not enough] {noun}[|, so add some|, change that|. give me some|, help]
the band [needs|wants|has no|lacks] {np}[|, so add it]
more {noun}[| please]
grow the band by {np}
add {np} [that follows the chords|to the second verse|to my tune|in the same key|with the same tempo|that suits it|to fill the gap|to the intro|before the chorus]
i'd be [happy|glad|grateful|delighted] [with|to hear|to have] {np}
[get|have] someone to play {np}
it's [too|so] [empty|bare|naked|dry|thin|plain|lonely|quiet|boring], [give it|put in|get me|bring in|it needs] {np}"""

REMOVE_MORE = """{nps} [bothers|bother|irritates|irritate|disturbs|disturb|distracts|distract|displeases|drives] me[|, away with it|, take it away|, get it out|, out]
{nps} [is|are] [horrible|ugly|awful|not good|out of place|not wanted|unwanted|superfluous|a problem|in the way|getting on my nerves|killing me][|, away with it|, away with them|, out|, delete]
away with {nps}
off with {nps}
out with {nps}
down with {nps}
begone with {nps}
goodbye {noun}
bye bye {noun}
farewell, {noun}
[we|i] [don't|do not] want {nps} [to be heard|in there|in it|here|any longer|anymore]
there should be no {noun}[| in this| in the {song}| at all]
there must not be any {noun}
[i'd|i would|we'd] [like|love|want] {nps} [to be gone|out of here|out of the way|out of it|to stop|to leave|off]
[i'd|i would] [like|love] to hear [it|this|the {song}] [without|with no|minus] {nps}
[i|we] [could do without|can do without|can live without|have had enough of|am sick of|am tired of|do not need|don't care for|dislike|detest] {nps}
[i've|i have] had [enough|it] [of|with] {nps}
{nps} must [not be heard|not play|be silent|leave|vanish from this]
{nps} shouldn't be [there|here|in it|heard]
{nps} [needs|need|has|have|ought] to [leave|stop playing|be cut|be quiet|fade away entirely|be taken out]
make {nps} [inaudible|mute|shut down|gone|cease|leave|end|be quiet|stop playing]
let {nps} [go|vanish|disappear|be silent|rest|fall away|drop out|leave]
let there be no {noun}
[how would|what would|how might] [it|this|the {song}] [sound|be|be like] [without|with no|minus] {nps}[|, show me|, try it]
[play|do|render|export|bounce] [it|this|the {song}] [without|with no|minus|sans] {nps}
sans {noun}
not the {noun}[| please| anymore]
zero {noun}[| please]
nix to {noun}
{noun}: [off|out|gone|mute|zero|none|delete]
{noun}-less [please|version|mix|]
make it {noun}less
without any {noun} [please|whatsoever|at all]
no {noun} [whatsoever|at all|any longer|anymore|in the mix|on this one|for me]
quiet, {noun}!
{noun} [must go|go away|stop|be gone|be quiet]
i [will|plan to|want to|am going to|shall] [play|perform|record|do] the {noun} live[|, so take it out|, so no {noun}| so i don't need it]
{nps} [has|have] no place [here|in this {song}]
do the {song} with the {noun} gone
the same [{song}|thing|again] but [without|with no|minus] {nps}
[this|it|the {song}] but [without|with no|minus] {nps}
everyone plays but {player}
{player} [is fired|can go home|must leave|has to stop|gets a break|may rest|takes a break|should take a break]
give {player} [a break|the day off|a rest]
take {player} out[| of the band| of the picture]
the rest without {nps}
the band without {nps}
a mix that has no {noun}"""

EXTRACT_MORE = """{nps} [by themselves|by itself|unmixed|without the band|without the other instruments|without accompaniment|standing alone|as a stem|as its own file|stem for me|stem, please|solo please|solo|in isolation please|as an isolated track|as a single track]
[i'm|i am] [only|just|solely] [interested in|after|here for|listening for|looking for] {nps}
the only [thing|part|instrument|sound] i [want|need|would like|care about|want to hear] is {nps}
{nps} [is|are] the only [thing|part|instrument|sound] i [want|need|would like|want to hear]
i [care|ask] for nothing but {nps}
nothing left but {nps}
nothing apart from {nps}[|, ok| please]
nothing [more|else] than {nps}
no [other instruments|others|band|accompaniment|backing], [only|just] {nps}
all gone but {nps}
all [silent|quiet|muted|off|out] but {nps}
everything [silent|quiet|muted|gone] [but|except] {nps}
[everyone|everybody|all the others|the others|the rest|the whole band|all] [stop|be quiet|off|out|silent] [except|but] {player}
[turn off|mute|quieten|kill|stop|stop playing] [the others|everyone else|everybody else|the remaining instruments|the other players|the rest of the band] [and let me hear|, i want|so i hear|, leave] {nps}
[hear|play|give me] {nps} [without the band|without the rest|without the others|with nothing around it|with everything else silent|with the rest muted|and leave out the rest|with no other instruments|with no accompaniment]
[mute|cut|remove|take] everything away around {nps}
[remove|mute|cut|take out|erase|delete] [what|everything that|all that|any sound that] [is not|isn't|does not come from|has nothing to do with] {nps}
[remove|mute|cut|take out|erase|delete] all [but|except|save|other than] {nps}
[i want|i'd like|i need|we need] to [hear|listen to|have|get|keep] [only|just|nothing but|solely] {nps}
[i want|i'd like|i need] to [practise|loop|sample|remix|check|study|learn|copy|write down|hear clearly] {nps}[|, so give me just that|, so pull it out alone|, leave out the rest|, alone please]
[let me|i want to|help me] [study|hear|listen to|focus on] {nps} [alone|by itself|without the rest|without distraction]
[i'm|i am] [learning|practising|copying|studying|notating] {nps}, [play me that on its own|mute the rest|give me that alone|let me hear just that|isolate it]
[show me|tell me|i wonder] what {player} [plays|is playing|does][|, mute the rest|, only that|, alone]
what does {player} play[|? only that|? mute the others|? solo it]
[just|only|solely|merely|simply] {player}, [no others|nobody else|nothing more|without the band]
{player} [alone|only|solo|by himself|without the others|without the band][| please]
{player} and [nothing else|no others|no band]
only {nps} [remain|remains|should remain|should stay|stay|is to be heard|may play|left|allowed]
{nps} only, [without the rest|no others|nothing else|the rest off]
keep {nps}, [lose the others|drop the rest|throw out the others|nothing else|the rest can go]
{nps} [stays|stay|remains|remain], [the rest goes|everything else goes|all others leave]
[make|turn] [it|this|the {song}] [into|to] [only|just|nothing but] {nps}
[make|turn] this into a solo for {noun}
[i need|give me|make|i want] [a|the] [clean|separate|single|isolated|lone|dry] {noun} [track|stem|part|recording|file]
[i need|give me|send|make] [a file|a stem|a track] of [only|just] {nps}
get {nps} [separated|isolated|extracted|unmixed|out as a stem|onto its own track]
[i want|i need|have] {nps} [separated|isolated|extracted|unmixed|as a stem|soloed|on its own track]
can [i|we] [hear|get|listen to] [just|only] {nps}
is it possible to [hear|get|have] [only|just] {nps}
{noun} only
{noun} solo
{noun} stem
{noun} alone please
isolated {noun}
solo {noun}
lone {noun}
pure {noun}, nothing else
the {song} with [nothing|nobody] but {nps}
the {song} reduced to {nps}
the {song} without anything but {nps}
take {nps} [and leave the others behind|, leave the rest|and forget the rest|out for me, i want to use it]"""
