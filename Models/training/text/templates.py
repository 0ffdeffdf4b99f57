"""Sentence patterns. `[a|b|]` chooses, `{np}` is the named part with article and adjectives,
`{nps}` a definite one ("the drums"), `{b}` the second part, `{song}` the piece, `{genre}` a style.
"""

from . import verbs

ADD = """add {np}
add {np} to [the|this|my|] {song}
[please |]add {np} [on top|here|there|underneath|behind it|as well|too]
put {np} [in|on it|under it|on top|over it|underneath|behind this|in the background|there|into the {song}]
put {np} [in|under|behind|over|on|into] [the|this] {song}
insert {np}[| here| into the {song}]
include {np}[| too| in the {song}]
bring in {np}
bring {np} in
mix in {np}
mix {np} into [this|the {song}]
blend in {np}
throw in {np}
throw {np} [in|on top|in there|on there|into the {song}]
drop in {np}
drop {np} [in|into the {song}|on top]
layer {np} [on top|over this|over the {song}|underneath|in|under the {song}]
layer in {np}
overlay {np}[| on the {song}| on this]
overdub {np}
lay {np} [over|under] [it|this|the {song}]
lay down {np}
append {np}
give [me|us|it|this|the {song}] {np}
[i want|i need|i would like|i'd like|we need|we want|i'd love|it needs|this needs|the {song} needs|it could use|this could use|could use] {np}[| in it| here| on this| on top| in there| added| in the {song}| please]
i want {np} [added|in this|playing along|here|to come in]
i want to [add|have|hear] {np}[| here| in it| on this {song}]
[i'd like|i would like|i want] to hear {np} [too|as well|in this|over this|along with it]
let's [add|have|put in|hear|bring in] {np}
let {np} [play|come in|enter|play along|join in|kick in]
let there be {np}
[can|could|would|will] you [add|put in|include|insert|bring in|throw in|give me|make|create|record] {np}[| please| for me| to this| to the {song}]
[can|could|may] [i|we] [have|get|hear] {np}[| please| in this| on it| with that]
how about [adding |some |]{np}
what about [adding|putting in] {np}
why not add {np}
play {np} [over this|along|on top|on it|to this|with it|over the {song}]
play along [on|with] {np}
accompany [this|it|the {song}|me] [with|on|by] {np}
back [this|it|the {song}|me|the singer] [with|up with] {np}
support [this|the {song}|the singer] with {np}
generate {np}[| for this| to match| that fits]
create {np}[| for this| to go with it| for the {song}]
compose {np} [for this|for it|that fits|to go with this]
write {np} [for this|for the {song}|that fits|to go over it]
produce {np} for this
make {np} [for this|for the {song}|play|to go with it|that fits]
make [it|the {song}|this] have {np}
record {np} [on it|over this|for this|on top of the {song}]
fill [it|this|the {song}] out with {np}
fill in {np}
complete [it|this|the {song}] with {np}
decorate it with {np}
with {np} [added|on top|please|too]
{np} [please|too please|on top|added|in the background|as well|would be nice|would be great|would help|over this]
[now|ok now|next] [with|add|put in] {np}
[it|this|the {song}] [sounds empty|sounds thin|is boring|is too bare|feels incomplete], add {np}
[it|this|the {song}] [should have|must have|ought to have|has to have|would sound better with|would be better with] {np}
there [should|must|ought to] be {np}[| in this| here]
there is no {noun}, add [one|some|it]
[we are missing|i miss|it's missing|missing:|there is no|what's missing is] {np}
this {song} without {np} is boring, [add it|put some in]
combine [this|it|the {song}] with {np}
join {np} to the {song}
attach {np} to this
introduce {np}[| into this| to the {song}| at some point]
incorporate {np}[| into the {song}]
integrate {np}[| into this]
have {player} [play|join in|play along|come in|play over this]
let {player} [play|join in|play along|come in|play over this]
get {player} [to play|to join|in here|on this]
[i want|we need|i need|bring in|add|call in|give me] {player}
i want {np} that is {adj}
add {noun} [parts|to it|tracks]
start {np}
stack {np} on top
superimpose {np}
more instruments: {np}
enhance [it|this|the {song}] with {np}
extend the {song} with {np}
surround it with {np}
+ {np}
plus {np}
add: {noun}
{noun} on
switch on {np}
turn on {np}
use {np} [here|in this|as well|too]
employ {np}
play me {np} on this
place {np} [in|under|over|behind] [this|the {song}|it]
set {np} [behind|under|over] [this|the {song}|it]
top it off with {np}
finish it with {np}
run {np} under it
work {np} into the {song}
slip {np} in
slide {np} in there
double it with {np}
it [wants|calls for|cries out for|would benefit from|is asking for|demands|invites] {np}
fatten it up with {np}
liven it up with {np}
a touch of {noun}, please
add a [bit|touch|hint|little|lot|layer|dash|splash] of {noun}
give it [a bit|a touch|a hint|a little|a lot|a layer] of {noun}
put a [bit|touch|hint|little|layer] of {noun} [in|on it|behind this|on top]"""

REMOVE = """remove {nps}
remove {nps} from [the|this|my] {song}
[please |]remove [all|any|all of|every] {noun}
delete {nps}[| from the {song}| please| completely]
drop {nps}
drop {nps} from the {song}
cut {nps}[| out| completely]
cut out {nps}
take out {nps}
take {nps} [out|away|off|out of the {song}|off this]
take away {nps}
get rid of {nps}
rid the {song} of {nps}
mute {nps}[| please| completely| for me]
kill {nps}
eliminate {nps}
strip [out |away |off |]{nps}
strip {nps} [out|away|from the {song}|off]
clear {nps} [out|away|off]
clear out {nps}
turn off {nps}
turn {nps} off
switch off {nps}
switch {nps} off
shut off {nps}
leave out {nps}
leave {nps} out
throw out {nps}
throw {nps} [out|away|off]
pull {nps} out[| of the {song}]
pull out {nps} and [delete|drop|forget] [it|them]
filter out {nps}
filter {nps} out
cancel {nps}
cancel out {nps}
suppress {nps}
block out {nps}
edit out {nps}
scratch {nps}
reject {nps}
withdraw {nps}
disable {nps}
stop {nps}
no {noun}
no {noun} please
no more {noun}
without {nps}
minus {nps}
less {nps}
- {noun}
{nps} off
{nps} out
{nps} [must|should|has to|have to|needs to|need to|ought to] [go|go away|be gone|be removed|disappear|leave|stop|be deleted|be cut]
[i want|i'd like|i would like|give me|i need|make|play|let me hear|we need|let us have] [it|this|the {song}|a version|the {song} again|the same|a mix] [without|with no|minus|free of] {nps}
i want [no|zero] {noun}[| in this| at all| in the {song}]
i want {nps} [gone|out|removed|deleted|off|muted|taken out|cut]
i [don't|do not] want [to hear |any |the |]{noun}
i [don't|do not] [like|need] {nps}, [remove it|take it out|get rid of it|cut it|delete that]
{nps} [is|are] [annoying|terrible|too much|unnecessary|disturbing|not needed|bad], [remove it|remove them|take it out|get rid of it|delete it|mute it]
i can't stand {nps}, [remove it|take it out|cut it]
[can|could|would|will] you [remove|delete|take out|get rid of|cut|mute|drop|kill|strip out|eliminate|turn off|erase|silence] {nps}[| please| for me| from this| from the {song}]
[can|could|may] [i|we] have [it|this|the {song}] without {nps}
make {nps} [disappear|go away|silent|vanish|stop|quiet as nothing]
make a version without {nps}
make [it|this|the {song}] {noun}-free
{noun}-free [version|mix|please]
a version without {nps}
erase {nps}[| from the {song}| completely| please]
erase any trace of {nps}
silence {nps}[| please| completely]
keep everything [except|but|apart from|other than] {nps}
[everything|all] [except|but|apart from|other than|besides|save for] {nps}[| please]
[i want|give me|play|let me hear|leave|i'd like] [everything|all|the rest|all the instruments] [except|but|apart from|other than|besides|without] {nps}
everything without {nps}
all but {nps}
the {song} minus {nps}
leave everything but {nps}
tell {player} to [stop|stop playing|go home|be quiet|leave]
send {player} home
[remove|mute|get rid of|take out|drop|kick out|no] {player}
{player} should [stop|go|leave|not play|be quiet|be muted]
i will play {noun} on my own so [remove|take out|drop|mute] {nps}
i want to [practise|practice|play along|sing along|play myself], [remove|take out|mute|drop|cut] {nps}
let's [hear|have|try] it without {nps}
let's [remove|drop|lose the sound of|cut|get rid of|take out] {nps}
how does it sound without {nps}
enough of {nps}[|, take it out|, remove it]
too much {noun}, [remove it|take it out|get rid of it]
separate out {nps} and throw [it|them] away
clean {nps} out of [the {song}|this]
try it without {nps}
exterminate {nps}
sweep out {nps}
push {nps} out of the mix
wash out {nps}
blank {nps}
null {nps}
forget {nps}
forget about {nps}, take [it|them] out
skip {nps}
free the {song} from {nps}
deprive the {song} of {nps}
dismiss {nps}
abolish {nps}
knock out {nps}
hide {nps}
drain {nps} from the {song}
lift {nps} away so it is gone
mix {nps} out
fade {nps} out of existence
tear out {nps}
carve away {nps}
undo {nps}
destroy {nps}
extinguish {nps}
attenuate {nps} completely
bring {nps} down to zero
set {nps} to zero
nobody needs {nps}, [cut it|remove it|drop it]
this would be better without {nps}"""

EXTRACT = """extract {nps}
extract {nps} from [the|this|my] {song}
isolate {nps}
isolate {nps} [from the {song}|please|for me|completely]
solo {nps}
solo {nps} please
put {nps} on solo
only {nps}
only {nps} please
{nps} only
just {nps}
just {nps} please
just {nps}, nothing else
{nps} alone
{nps} by itself
{nps} on its own
{nps} [and nothing else|without anything else|without the rest|without the others|all alone|in isolation|soloed|isolated]
nothing but {nps}
[i want|give me|play|let me hear|i'd like|i would like|i need|we want|show me|let us hear|i just want|i only want|i only need] [only|just|nothing but|solely|nothing except|nothing other than] {nps}[| please| from this]
i only want [to hear |]{nps}
i just want [to hear |]{nps}
[i want|give me|play|let me hear|i'd like|i need|show me] {nps} [alone|only|by itself|by themselves|on its own|on their own|in isolation|isolated|soloed|separately|as a separate track|without the rest|and nothing else|without everything else|without the other instruments|stem]
keep only {nps}
keep just {nps}
keep {nps} [only|and remove the rest|and drop everything else|and delete all others|, remove everything else]
keep {nps} and [mute|cut|throw away|get rid of|kill|erase] [the rest|everything else|all others|the other instruments|all other instruments]
leave only {nps}
leave just {nps}
leave nothing but {nps}
leave {nps} [alone in the mix|in and take everything else out|only]
separate {nps}
separate {nps} from [the rest|the others|everything else|the mix|the {song}|the other instruments]
separate out {nps}
split {nps} [off|out|from the rest|from the {song}]
split off {nps}
pull {nps} out [as a stem|by itself|on its own|into its own file|for sampling|so i can hear it]
pull out {nps} for me to keep
get {nps} [out of the mix|on its own|by itself|alone|from the {song}]
get me {nps}[| from this| out of this]
get me only {nps}
take only {nps}
take {nps} and drop the rest
[remove|mute|delete|cut|drop|kill|erase|get rid of|strip|take out|take away|silence|turn off|leave out] [everything|all|all the instruments|every instrument|anything] [except|but|except for|apart from|other than|besides|save] {nps}
[remove|mute|delete|cut|drop|kill|erase|get rid of|take out] [everything|anything|all] that [is not|isn't|does not belong to] {nps}
[remove|mute|delete|cut|drop|kill|erase|get rid of|take out] [the rest|everything else|all others|the other instruments], [keep|leave|i want|only] {nps}
[remove|mute|silence|turn off] all other [instruments|parts|sounds] and keep {nps}
everything [must go|off|out|away] [except|but|except for|apart from] {nps}
no other instruments, [just|only] {nps}
nothing [except|other than|besides] {nps}
[can|could|would|will] you [extract|isolate|solo|separate|split off|get me only|give me only|give me just|keep only|pull out only] {nps}[| please| for me| from this| from the {song}]
[can|could|may] [i|we] [have|get|hear] [only|just] {nps}
[can|could|may] [i|we] [have|get|hear] {nps} [alone|on its own|by itself|separately|in isolation|without the rest]
[give|send|hand|get] me the {noun} stem
the {noun} stem [please|only]
save {nps} [as a stem|separately|to its own file|on its own|as a separate track]
export {nps} [as a stem|separately|to its own file|on its own|as a separate track|only]
make a [stem|track|version|file] [with|of|containing] [only|just|nothing but] {nps}
a [stem|track|version|mix] [with|of|containing] [only|just|nothing but] {nps}
reduce the {song} to {nps}
mute all but {nps}
mute everyone except {player}
i want to hear {player} [alone|only|by himself|and nobody else|without the rest of the band]
let me hear {player} [alone|only|by himself|by herself|without the band|without the rest]
[just|only] {player}
let {nps} play alone
let {nps} be the only thing [i hear|in the {song}|left]
listen to {nps} alone
focus on {nps} alone
filter for {nps}
filter out everything but {nps}
find {nps} and isolate [it|them]
i want to [study|learn|sample|transcribe|hear|analyse|check] {nps}, [isolate it|solo it|extract it|give me only that|so let me hear it alone]
i want to sample {nps}
what does {nps} [play|sound like] on its own
what [is|are] {nps} playing? [solo it|isolate it|let me hear only that]
unmix {nps}
demix {nps}
stem: {noun}
solo: {noun}
a cappella {noun} only
single {noun} track [only|please|alone]
crop the mix to {nps} only
select only {nps}
pick out {nps}
dissociate {nps} from the rest
disentangle {nps}
untangle {nps} from the mix
strip everything away [from around|but|except] {nps}
strip it down to {nps}
strip the {song} down to [just |]{nps}
bring {nps} out alone
output [only|just] {nps}
return only {nps}
preserve only {nps}
retain [only|just|nothing but] {nps}
restrict the {song} to {nps}
limit it to {nps}
hear only {nps}
nothing should be left but {nps}
all i [want|need|want to hear] is {nps}
{nps} is all i [want|need|want to hear|care to hear]
collect {nps}
capture {nps} alone
copy out {nps} only
recover {nps} from the mix
obtain only {nps}
unmute only {nps}"""

REPLACE = """replace {nps} with {b}
replace {nps} by {b}
replace {nps} [with|by] {b} [please|in the {song}]
swap {nps} for {b}
swap {nps} with {b}
swap out {nps} for {b}
swap {nps} out for {b}
change {nps} to {b}
change {nps} into {b}
turn {nps} into {b}
make {nps} [into|] {b}
substitute {b} for {nps}
substitute {nps} with {b}
switch {nps} to {b}
switch {nps} for {b}
switch {nps} out for {b}
exchange {nps} for {b}
convert {nps} [to|into] {b}
transform {nps} into {b}
use {b} instead of {nps}
use {b} in place of {nps}
put {b} [where {nps} is|in place of {nps}|instead of {nps}]
play {nps} on {b}
play {nps} part with {b}
let {b} play [what {nps} plays|the part of {nps}|instead of {nps}]
[i want|i'd like|give me|we need|i need|play|let me hear] {b} instead of {nps}
[i want|i'd like|give me] {b} [in place of|rather than] {nps}
instead of {nps} [i want|use|put|play|give me|have|i'd like] {b}
{b} instead of {nps}
{b} in place of {nps}
{b} rather than {nps}
[remove|take out|drop|delete|cut] {nps} and [put in|add|use|insert] {b} [instead|in its place]
[can|could|would] you [replace|swap|change|exchange] {nps} [with|for|to] {b}[| please]
[can|could|would] you [turn|change|convert|make] {nps} into {b}
have {b} take the place of {nps}
have {b} play {nps} part
{nps} should be [replaced by|changed to|turned into|swapped for] {b}
{nps} should become {b}
{nps} [to|into] {b}
rewrite {nps} for {b}
rearrange {nps} for {b}
reassign {nps} to {b}
re-record {nps} with {b}"""

REMIX = """remix to {genre}
remix [it|this|the {song}] [to|into|as|in] {genre}
remix this as [a|some] {genre} [song|track|tune|piece]
remix with {np} and {b}
remix [it|this|the {song}] [with|using|for] {np}, and {b}
remix the {song} with {np} and {b}
remix with {np}
remix it using {np}
remix [it|this|the {song}]
make a remix[| of this| with {np}]
make [it|this|the {song}] [a|into a] {genre} [song|track|piece|tune|number]
make [it|this|the {song}] {genre}
make [it|this|the {song}] sound [{genre}|like {genre}|more like {genre}]
turn [it|this|the {song}] into [a {genre} song|a {genre} track|{genre}|some {genre}|{genre} music]
change the [style|genre] to {genre}
change [it|this|the {song}] to [a |]{genre}[| style| song| track]
convert [it|this|the {song}] [to|into] {genre}
transform [it|this|the {song}] into {genre}
i want [a|the] {genre} version[| of this| of it]
[give|make|do|play] [me |]a {genre} [version|cover|remix|arrangement|mix] of [this|it|the {song}]
a {genre} [version|cover|remix|arrangement|mix][| of this| please]
{genre} [version|cover|remix|arrangement][| please]
rearrange [it|this|the {song}] [as|in the style of|for|into] {genre}
restyle [it|this|the {song}] as {genre}
rework [it|this|the {song}] [as|into] {genre}
redo [it|this|the {song}] in {genre} style
redo [it|this|the {song}] as {genre}
do it in [a |]{genre} [style|way|fashion]
play [it|this|the {song}] in [a |]{genre} style
give [it|this|the {song}] a {genre} [feel|vibe|sound|treatment|flavour|touch]
[can|could] you [make|turn|remix] [it|this|the {song}] into {genre}
let me hear it as {genre}
[keep the voice|keep the singer|keep the vocals] and [change|remix|make] the [rest|accompaniment|band|music] [to|into|] {genre}
what would it sound like as {genre}
rearrange the {song} for {np} and {b}
new backing in {genre} style
{genre}ify [it|this|the {song}]
style: {genre}"""

INPAINT = """inpaint
inpaint [it|this|the {song}|the gap|the region|that part|this bit|the selected part]
fill [in |]the [gap|gaps|silence|hole|missing part|missing bit|blank|break|empty part|pause]
fill the [gap|silence|missing part] [with something fitting|in the {song}|please]
repair the [gap|missing part|damaged part|broken bit|defect|glitch|drop-out|skip|faulty section|bad spot]
restore the [missing|lost|damaged|broken|deleted] [part|bit|section|seconds|piece|sound]
reconstruct the [missing|lost|damaged|broken|deleted] [part|bit|section|seconds|piece|sound]
regenerate [this part|that bit|this section|the section|the region|these seconds]
fix the [gap|silence|missing part|skip|glitch|broken part|drop-out|corrupted section]
bridge the [gap|silence|hole]
close the gap
[there is a gap|there is a hole|a part is missing|something is missing], fill it in
[the sound cuts out|the sound drops out|the recording skips], [repair it|fix it|fill it|restore it]
redo the [corrupted|broken|faulty] [part|section|bit]
complete the missing [part|section|seconds|bit]
generate the missing [part|section|seconds|bit]
replace the silence with matching [music|sound]
make up what is missing
paint over the [gap|glitch|skip]
interpolate the [gap|missing part]
[can|could] you [fill|repair|fix|restore|reconstruct] the [gap|missing part|hole|broken section|silence]"""

SUPERRES = """restore the [highs|high frequencies|treble|top end|high end|upper frequencies|missing highs]
bring back the [highs|high frequencies|top end|high end|sparkle|air]
superres
super-resolution
super resolution[| please]
superresolve [it|this|the {song}]
raise the bandwidth
extend the bandwidth[| of this| to full band]
increase the [bandwidth|resolution|sample rate|sampling rate|quality of the highs]
upsample [it|this|the {song}]
upscale [it|this|the {song}]
make [it|this|the {song}] [hi-fi|high fidelity|full band|high resolution|hd|full bandwidth|less dull|sound less like a telephone|less muffled]
add [the |]missing [highs|high frequencies|treble|top end]
recover the [highs|high frequencies|treble|top end|upper band]
regenerate the [highs|high frequencies|treble|top end|upper band]
rebuild the [highs|high frequencies|treble|top end|upper band]
[it|this|the {song}] [sounds dull|sounds muffled|is low quality|is too dull|has no highs|is only 8 khz], [restore the highs|fix the highs|make it full band|raise the bandwidth]
improve the [sound quality|audio quality|resolution|fidelity] of this [old|low quality|8 khz|muffled] {song}
fill in the [highs|high frequencies|upper spectrum|top octave]
bandwidth extension
extend the [high frequencies|spectrum|frequency range] [upwards|to 20 khz|]
[can|could] you [restore|bring back|recover|add back] the [highs|high frequencies|treble|top end]
undo the [mp3 low-pass|low-pass|telephone sound|lossy compression]
from 8 khz to 44.1 khz
high frequency reconstruction"""



def _verbs(entries: list[str], slot: str, tail: str) -> list[str]:
    """Patterns from verbs: "take ~ out" puts the slot at "~"."""
    made = []
    for verb in entries:
        if "~" in verb:
            made.append(verb.replace("~", slot))
        else:
            made.append(f"{verb} {slot}" + ("" if verb.endswith("with") else tail))
    return made


_SWAPS = [r.replace("{a}", "{nps}") for r in verbs.REPLACE]

# Groups of patterns for each operation: the usual ones, verbs, other voices; drawn by `GROUP_SHARES`.
GROUPS = {
    "add": [ADD.splitlines(), _verbs(verbs.ADD, "{np}", "[||| here| to this| into the {song}| for me]"),
            verbs.ADD_MORE.splitlines()],
    "remove": [REMOVE.splitlines(), _verbs(verbs.REMOVE, "{nps}", "[||| from this| from the {song}]"),
               verbs.REMOVE_MORE.splitlines()],
    "extract": [EXTRACT.splitlines(), _verbs(verbs.EXTRACT, "{nps}", "") + _verbs(verbs.EXTRACT_BARE, "{nps}", "[||| from this| from the {song}]"),
                verbs.EXTRACT_MORE.splitlines()],
    "replace": [REPLACE.splitlines(), _SWAPS],
    "remix": [REMIX.splitlines()], "inpaint": [INPAINT.splitlines()], "superres": [SUPERRES.splitlines()],
}  # fmt: skip


def from_verbs(found: dict[str, list[str]]) -> dict[str, list[str]]:
    """Patterns of further verbs, by operation."""
    made = {}
    for operation, entries in found.items():
        slot = "{np}" if operation == "add" else "{nps}"
        made[operation] = [f"{verb} {slot}[||| from the {{song}}]" for verb in entries]
        if operation == "add":
            made[operation] = [f"{verb} {slot}[||| to the {{song}}| here]" for verb in entries]
    return made


GROUP_SHARES = [0.3, 0.1, 0.1, 0.05, 0.25, 0.25]

# Fixed phrases of the trade: (operation, target, text).
IDIOMS = [
    ("remove", "vocals", t)
    for t in """instrumental
karaoke
karaoke version
make [it|this|the {song}] instrumental
make an instrumental[| version| of this]
turn this into an instrumental
an instrumental version[| please]
instrumental only
i want [the|an] instrumental[| version]
give me the instrumental
i want to sing this myself
create a karaoke track
make it karaoke
karaoke mix please
i need a karaoke version of this
minus-one for singers
give me just the instruments
backing track without the singer
only the instruments, no singing
keep the instruments and drop the voice
vocal-free version""".splitlines()
] + [
    ("extract", "vocals", t)
    for t in """a cappella
acapella
a capella version
make it a cappella
make an acapella
acapella please
i want the acapella
a cappella version please
get me the acapella
vocals only, no instruments
no instruments, only voice
remove all instruments
remove the instruments and keep the voice
strip out all the instruments
remove the backing track and leave the singer
remove the band, keep the singer""".splitlines()
] + [
    ("remove", "drums", t)
    for t in "drumless\nmake it drumless\ndrumless version\na drumless mix\n"
    "drumless track please".splitlines()
] + [
    ("remove", "bass", t) for t in "bassless\nbassless version\nmake it bassless".splitlines()
] + [
    ("remove", "noise", t)
    for t in """denoise
denoise [it|this|the {song}]
clean up the recording
noise reduction
reduce the noise
dehum
declick this
clean the audio from noise
de-noise please""".splitlines()
] + [
    ("remove", "reverb", t)
    for t in "dereverb\nde-reverberate this\nmake it dry\nmake the voice dry".splitlines()
] + [
    ("extract", "speech", t)
    for t in """isolate the speech
speech only
only the spoken words
keep the speech and remove the noise
just the person talking""".splitlines()
]  # fmt: skip
