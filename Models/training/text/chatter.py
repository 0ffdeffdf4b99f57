"""More sentences of operation `none`, close to requests: see `negatives.py` for the others.

`{act}`, `{acts}`, `{acting}`, `{acted}` are verb phrases of the operations on an instrument, `{vthing}`,
`{vthinging}`, `{thinged}` the same on a thing that does not sound.
"""

AUDIO = """[make|get|can you make|could you make|i want|i'd like] the {inst} [sound |][warmer|brighter|darker|fatter|thinner|drier|wetter|fuller|crisper|tighter|cleaner|dirtier|sharper|duller|harsher|smoother|deeper|more distant|closer|a bit quieter|a bit louder|much louder|far quieter|more present|less harsh|less boomy|more even|in tune|on time|stand out more|sit better in the mix|pop|breathe|wider|narrower|mono|stereo|shorter|longer|higher|lower]
[turn|bring|push|take|pull|nudge|dial|bump|crank|move|drag|ride] the {inst} [up|down|up a bit|down a bit|down by two db|up by 3 db|up a notch|down a notch|a little lower|slightly up|to the left|to the right|to the centre|forward in the mix|back in the mix|half a decibel up]
[the {inst} is|the {inst} are] [too quiet|a bit loud|a little low|buried|too far left|out of phase|clipping|late by ten ms|a semitone flat|sharp|muddy|boomy|harsh], [raise it|lower it a bit|turn it down a bit|turn it up|move it to the centre|fix the phase|pitch it up|tune it|eq it]
[increase|decrease|raise|lower|reduce|boost|lift|adjust|double|halve|change|match|balance|level|automate|normalise|normalize|check|measure] the [volume|level|gain|loudness|pitch|tempo|speed|width|brightness|presence|dynamics|attack|release|sustain|decay|tuning|panning|velocity|swing|low end|high end] [of the {inst}|on the {inst}|of the {song}|a bit|by ten percent|by six db|slightly|in the chorus]
[put|add|apply|use|insert|throw|stick] [a|some|a little|a bit of|more|heavy|light] [compressor|compression|eq|equaliser|limiter|limiting|gate|noise gate|de-esser|delay|reverb|echo|chorus|flanger|phaser|saturation|tape saturation|autotune|pitch correction|vibrato|tremolo effect|stereo widening|sidechain|sidechain compression|high pass filter|low pass filter|exciter|fade in|fade out|tempo change|swing|bitcrusher|vocoder effect|distortion pedal] [on|to] the {inst}
[eq|compress|pan|pitch|detune|tune|retune|quantise|quantize|humanise|stretch|timestretch|time-stretch|shift|nudge|delay|reverse|chop up|slice up|rearrange|loop|gate|sidechain|limit|widen|saturate|de-ess|brighten|warm up|sweeten|harmonise|double-track|automate|duplicate|transpose|octave up|master|bounce in place|freeze|consolidate|rename|recolour|group|route] the {inst}[| a bit| please| slightly| by a fifth| to the grid| by a semitone| in the chorus]
[cut|boost|scoop|dip|shelve|notch|roll off|attenuate|sweep] [the |][lows|mids|highs|low mids|200 hz|3 khz|bass frequencies|treble|top end|air band] [on|of|in] the {inst}
[move|shift|copy|paste|repeat|loop|duplicate|swap|extend|shorten|trim|cut|delete|mute] [the |][chorus|verse|intro|outro|bridge|second verse|first four bars|last bar|silence at the start|gap at the end|count-in|ending|drop|breakdown|beginning]
[set|change|switch|convert|make] [the |it to |][tempo|bpm|key|scale|time signature|sample rate|bit depth|file name|title|artist tag|genre tag|cover picture|metronome] [to |][100|140 bpm|d minor|six eight|48k|24 bit|something else|a flat]
[make|render|play|give me] [the {song}|it|this] [a bit |][slower|faster|louder|softer|sadder|happier|shorter|longer|in c major|in three four|at half speed|at double speed|backwards|mono|wider|louder overall|radio ready|loud enough for streaming]
[what|which] [key|tempo|chords|notes|scale|mode|tuning|effects|amp|mic|model|brand|strings] [is|are|does|do] the {inst} [in|playing|played in|using|through|recorded with]
[export|save|bounce|render|convert|upload|send|download|share|back up|archive|print|burn] [the project|the {song}|this|my mix|the session|the score|it] [as mp3|to wav|to midi|to my phone|to the cloud|to soundcloud|as an mp3|in flac|at 320 kbps|by email|to disk]
[zoom|scroll|jump|go|skip|rewind|fast forward|seek] [to the chorus|to 1:20|in|out|back|to the end|to the start|ten seconds]
[open|close|show|hide|reset|load|save] the [mixer|settings|plugin|piano roll|timeline|project|preset|help|manual|folder|session|tuner]
[how loud|how fast|how long|how high|how many bars] is [the {inst}|the {song}|the intro|the {inst} part]"""

TALK = """[please|can you|could you|i want to|let's|we should|time to|will you|help me|remember to|] {handle} [the|a|my|this|that] {inst}[| please| now| for me| today]
[i|we|they|she|he|my sister|my uncle|our teacher|the kids|nobody|everybody|my neighbour] [like|likes|love|loves|hate|hates|play|plays|played|learn|learns|practise|practises|teach|teaches|own|owns|bought|sold|broke|lost|found|collects|repaired|built|tuned|carried|borrowed|recorded|heard|prefer|remember|miss|studied|mentioned|described|painted|touched|admired] [the|a|this|that|her|his|my] {inst}[| yesterday| every day| at home| in school| for years| last week| as a child| on tuesdays| with friends| in the attic]
[i like|i love|i enjoy|i adore|i'm fond of|i appreciate|what i like is|you can feel|you can tell|listen to] how the {inst} [sounds|comes in|swings|builds|fits|grooves|carries the song|sits in the mix|follows the voice]
the {inst} [is|was|sounds|sounded|looks|looked|feels|seems] [good|nice|great|fine|perfect|awesome|beautiful|right|cool|sweet|superb|lovely|amazing|as it should|just right|like a dream][| here| already| as it is| to me| on this record| tonight]
[who|when|where|why|how] [did|does|do|would|could|can|will] [you|they|he|she|one|people|bands] [record|play|learn|buy|tune|hold|mic|store|clean|ship|find|rent|carry|insure|use|choose|program|hear] [the|a|their|such a] {inst}
[what's|what is|who is|where is|when was|how old is|how expensive is|how heavy is|how big is|whose is] [the|that|this|your|a|his] {inst}[| made of| in the picture| for| worth| called| doing there| about]
[is|was|are|were] the {inst} [loud|good|hard to play|easy to learn|old|real|digital|acoustic|italian|yours|for sale|in this key|on the album|there before|recorded live|by the same player][?|]
[do|did|does|can|will|would|have|has] [you|they|he|anyone|she|your brother] [play|hear|own|sell|like|know|enjoy|notice|remember|recognise|teach|hate|need|bring|rent|tune] [the|a|this|that|my|any] {inst}[?| today?| here?| at home?| in this {song}?|]
[the|a|my|our|their|his] {inst} [arrived|broke|fell over|is late|costs a fortune|was stolen|needs tuning|needs repair|needs new strings|is out of tune|was a gift|stands in the corner|belongs to my aunt|is for sale|has a crack|got wet|was made in 1920|sounds different live|is behind you|is older than me|has been sold|must be insured|should be tuned before the show|is an instrument|is my favourite instrument]
[a|the|one|every] {inst} [is|has|makes|can|needs] [an instrument|a soul|strings|keys|noise|be loud|cost a lot|be heavy|a player|care|practice|a case|fun|difficult]
[tonight|yesterday|last night|tomorrow|on friday|next week|in 1970|at the concert|at school|in the museum|at the party] [the|a|our] {inst} [was loud|played well|will be played|stood on the stage|was missing its case|will arrive|is on sale|broke down]
[thanks|thank you|congrats|congratulations|sorry|respect|kudos|greetings] [for|to|about] the {inst}
[i think|i guess|i believe|i heard|they say|he said|you said|someone told me|it seems|apparently|i remember] [the|that the|your] {inst} [is great|was too loud|was cheap|is difficult|was recorded in paris|came from japan|is fine|works|is the best part|makes this song]
[a history of|a lesson on|a video about|a joke about|a documentary on|a course in|exercises for|sheet music for|a concerto for|tabs for|a stand for|a case for|a ticket to see|a microphone for|a poem about|an essay on|the price of|the inventor of|the sound of|the strings of|the keys of|pictures of|the weight of|the origin of|the name of|tips for|the smell of] [the|a|an old|your] {inst}
[find|show|buy|recommend|get|order|draw|google|search|look up|explain|describe|list|name|suggest|watch|read] [me |us |][a history of|a lesson on|a video about|a joke about|a course in|exercises for|sheet music for|tabs for|a stand for|a case for|a microphone for|a poem about|the price of|the inventor of|pictures of|a teacher for|songs with|albums with|famous players of|a shop for|reviews of] [the|a] {inst}
[learning|playing|buying|tuning|cleaning|carrying|teaching|selling|mixing|recording] [the|a] {inst} [is hard|takes years|is fun|is expensive|is not easy|makes me happy|costs time|was a mistake]
[without practice|in the end|to be honest|frankly|as a child|by the way|in my opinion] [the|a] {inst} [is no fun|wins|is overrated|is underrated|scares me|is the king of instruments|bores people]
{inst} [vs|versus|or|and|compared to] {inst2}[|?| which is better| which is louder| which is easier]
[{inst} lessons|{inst} concert|{inst} teacher|{inst} shop|{inst} case|{inst} competition|{inst} tutorial|{inst} repair|{inst} exam|{inst} history|{inst} museum|{inst} factory|{inst} festival|{inst} jokes|{inst} wallpaper|{inst} prices|{inst} for beginners|best {inst} ever|famous {inst} players|new {inst} day]
[if|when|while|because|although|since|after|before] the {inst} [plays|starts|stops|comes in|is tuned|is loud], [i cry|people dance|we leave|the dog barks|everyone listens|it is late|call me]"""

NOT = """[don't|do not|never|please don't|please do not|dont|don't you dare|you must not|you should not|you shouldn't|by no means|under no circumstances|i'd rather you did not|it's forbidden to|no need to|there's no need to|it would be wrong to|it would be a mistake to|stop trying to|avoid to|refrain from wanting to|i never asked you to|i didn't ask you to|who told you to|why would anyone|why would you|nobody wants to|i refuse to|let's not|we won't|we will not|i won't|i'm not going to|i can't] {act}
[they|he|she|we|the producer|the label|someone|my friend|the engineer|the band] [already |once |later |never |][wanted to|had to|tried to|forgot to|was told to|managed to|decided to|refused to] {act}
[i|we|they|he|she|the producer|the engineer|somebody] [should have|could have|would have|must have|might have|may have|has|had] {acted}
[it is|it was|is it|was it] [easy|hard|common|illegal|impossible|wrong|typical|usual|fun|a mistake|possible in the 60s|their idea] to {act}[?|]
[how|why|when|where] [do people|did they|does one|would somebody|did the beatles|do producers|can other programs|does your competitor] {act}
[what happens|what happened|what is it called|what does it cost|how long does it take|who decides|is it allowed|is it legal|does it matter] [when you|if you|to|when they|if people|when engineers] {act}
[people who|those who|engineers who|programs that|anyone who] {act} [are rare|are wrong|get paid|annoy me|should read the manual|work fast]
[the book|this article|the tutorial|the video|my teacher|the manual] [explains how to|says you should|tells people to|shows how they|claims you can] {act}
[keep|leave|let] the {inst} [the way it is|untouched|in peace|unchanged|as is|like that|exactly so|where it is|as they are|just like this]
[the {inst}|everything|it all|the mix|this] [stays|is staying|should stay|can stay|must stay|is fine|is okay|is perfect] [as it is|like this|the way it is|unchanged|untouched], [don't touch it|change nothing|no edits please|leave it]
[change nothing|no changes|nothing to do|leave it alone|do nothing|nothing today|no edit|hands off the {inst}|don't touch the {inst}|do not touch anything|all good as is|everything is fine]"""

DAILY = """{vthing}
{vthing}[| please| now| today| again| before noon| and call me| for grandma| in the morning]
[can|could|would|will] you {vthing}[| please| for me|]
[please|kindly|now|first|then|just|also|let's|we should|you should|i want to|i need to|i have to|i'd like to|time to|remember to|help me] {vthing}
[how|what] about {vthinging}
[would you mind|i like|i hate|try|consider|he enjoys|stop|start|instead of] {vthinging}
[i want|get|have|i need|the boss wants|they got] the {thing} {thinged}
the {thing} [was|is|should be|must be|has been|will be|needs to be] {thinged}
[he|she|they|we|i|someone|the police|the doctor] {thinged} [the|a|my] {thing}
[only|just|nothing but|everything but|all but|no|without|less|more|enough|too much|not enough|some|another|a little] {thing}[| please| for me| today|]
{thing} [only|alone|please|off|out|by itself|on its own]
[i want|i need|give me|bring me|get me|i'd like|i only want|i just want|can i have|we need|i miss|i crave|we lack] [a|the|some|more|only the|just the|another|no] {thing}
[it|this|the room|the house|the soup|the garden|the office|my life|the report] [needs|lacks|could use|deserves|is better without|would be better with|is missing|is full of] [a|some|the|more] {thing}
[i|we] [hate|can't stand|don't need|don't want|am sick of|am tired of|love|adore] [the|this|that] {thing}[|, take it away|, throw it out|, get rid of it]
the {thing} [annoys me|bothers me|must go|has to go|should leave|is in the way|is too much|is perfect|stays|would be nice|belongs in the {thing2}]
[replace|swap|exchange|trade|substitute|change] the {thing} [with|for|by] [a|the] {thing2}
[a|some|more] {thing} [in|on|under|with|for] the {thing2} [please|would be nice|would help|]
[keep|leave|put|move|take|carry|drop|throw|push|pull|hold|hang|send|mail|ship] the {thing} [in|on|under|behind|into|off|out of|away from|next to|over] the {thing2}
[is|was] the {thing} [ready|clean|gone|broken|new|here|expensive|heavy]
[where|who|what|how much|which] is the {thing}[| for| today| of the week|]
[what a|such a|this is a|that's a|there is a|i see a|it is a] [nice|lovely|big|small|strange|useless|wonderful] {thing}
[tell me|explain|write|read|guess|find out|look up|google] [a story|how a {thing} works|about the {thing}|what a {thing} is|who invented the {thing}|the time|a recipe for soup|tomorrow's weather|a joke about a {thing}]
[good morning|good night|hello there|nice to meet you|how's it going|what's up|long time no see|see you soon|have a nice day|take care|well done|you rock|never mind|no problem|my bad|you're welcome|i'm bored|i'm lost|are you a robot|what's your name|who made you|how do you work|what can you do|that was funny|i feel sick|let me think|wait a minute|hold on|shut up|go away|come back|be quiet|leave me be|help|stop|cancel|undo|nothing|whatever|anything|something|test|testing one two three|lorem ipsum|asdf|blah blah|ok google|la la la|hmm]
[two plus two|the quick brown fox|to be or not to be|once upon a time|all you need is love|no pain no gain|easy come easy go|let it be|what goes around comes around|the early bird catches the worm|silence is golden|practice makes perfect|time flies|less is more|out of sight out of mind|nothing else matters|only the good die young|add insult to injury|add fuel to the fire|take it or leave it|cut to the chase|drop the subject|strike while the iron is hot|kill two birds with one stone|blow your own trumpet|play second fiddle|pull some strings|no strings attached|jump on the bandwagon|face the music|it takes two to tango|fit as a fiddle|beat around the bush|drum up support|bells and whistles|for whom the bell tolls|music to my ears|change your tune|ring a bell|hit the right note|toot your own horn|fine tuning|organ transplant|the horns of a dilemma|sea bass for dinner|a bass in the lake|string theory|keys to the car|piano black paint|brass door handle|horn of plenty|shoe horn|fiddle with the settings|harp on about it|organ donor card|cell phone|key lime pie|drum roll please, the winner is|choir practice is at six|voice your opinion|voice of reason|voice mail|record label|track and field|bass fishing trip|guitar hero high score|air guitar contest|piano bar near me|pipe dream]"""
