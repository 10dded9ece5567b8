"""Which words are genres. Providers mix in formats, moods, years and jokes; those are left out."""

from collections.abc import Iterable

from backend.services.metadata_enrichment.matching.normalisation import latin

_FAMILIES = """
acid house; acid jazz; acid techno; acoustic; afro house; afrobeat; alternative; alternative rock;
ambient; ambient house; art pop; art rock; balearic; ballad; baroque; bass house; bass music; big band;
big beat; big room; bluegrass; blues; blues rock; boogie; boom bap; bossa nova; breakbeat; breaks;
britpop; brostep; chamber pop; chicago house; chillout; chillwave; chiptune; classical; classic rock;
club; cloud rap; complextro; conscious hip hop; contemporary r and b; country; country rock; cumbia;
dance; dance pop; dance rock; dancehall; dark ambient; darkwave; death metal; deep house; deep techno;
detroit techno; disco; disco house; downtempo; dream pop; drill; drone; drum and bass; dub; dub techno;
dubstep; easy listening; ebm; edm; electro; electro house; electro swing; electroclash; electronic;
electronica; electronic rock; electropop; emo; ethereal; euro disco; euro house; eurodance; experimental;
flamenco; folk; folk pop; folk rock; footwork; freestyle; french house; funk; funk soul; funky house;
future bass; future house; fusion; g funk; gabber; gangsta; garage house; garage rock; ghetto house;
glam; glitch; glitch hop; gospel; gothic rock; grime; grunge; happy hardcore; hard house; hard rock; hard
techno; hard trance; hardcore; hardstyle; heavy metal; hi nrg; hip hop; hip house; house; hyperpop; idm;
indie; indie dance; indie electronic; indie folk; indie pop; indie rock; industrial; industrial techno;
instrumental hip hop; italo disco; italo house; italodance; j pop; j rock; jazz; jazz funk; jungle; k
pop; krautrock; latin; latin house; latin pop; leftfield; liquid funk; lo fi; melodic house; melodic
techno; metal; metalcore; microhouse; minimal; minimal techno; moombahton; neo soul; neoclassical;
neurofunk; new age; new beat; new jack swing; new wave; noise; northern soul; nu disco; nu jazz; nu
metal; opera; organic house; phonk; pop; pop punk; pop rap; pop rock; post hardcore; post punk; post
rock; power pop; progressive breaks; progressive house; progressive metal; progressive rock; progressive
trance; psychedelic; psychedelic rock; psytrance; psy trance; punk; r and b; rap; rave; reggae;
reggaeton; rhythm and blues; rnb; rock; rock and roll; rocksteady; rockabilly; roots reggae; salsa;
samba; score; shoegaze; singer songwriter; ska; slap house; smooth jazz; soca; soft rock; soul;
soundtrack; southern rock; space disco; speed garage; stoner rock; surf; swing; synth pop; synthpop;
synthwave; tango; tech house; tech trance; techno; thrash; trance; trap; tribal; tribal house; trip hop;
tropical house; turntablism; uk funky; uk garage; uplifting trance; vaporwave; vocal; vocal house; vocal
trance; witch house; world; worldbeat; yacht rock
"""
_KNOWN = frozenset(" ".join(name.split()) for name in _FAMILIES.split(";"))
_SAME = {
    "dnb": "drum and bass",
    "drum n bass": "drum and bass",
    "drumnbass": "drum and bass",
    "rock n roll": "rock and roll",
    "rnb": "r and b",
    "rnb swing": "r and b",
    "rhythm and blues": "r and b",
    "contemporary r and b": "r and b",
    "synth pop": "synthpop",
    "psy trance": "psytrance",
    "hip hop rap": "hip hop",
    "rap hip hop": "hip hop",
    "electro pop": "electropop",
    "folk world and country": "folk",
}
_SPELLED = {
    "drum and bass": "Drum and Bass",
    "rock and roll": "Rock and Roll",
    "r and b": "R&B",
    "edm": "EDM",
    "idm": "IDM",
    "ebm": "EBM",
    "uk garage": "UK Garage",
    "uk funky": "UK Funky",
}


def known_genres(offered: Iterable[str]) -> list[str]:
    """The genres among `offered` in one spelling, order kept, each once."""
    found = (_SAME.get(plain, plain) for plain in map(latin, offered))
    names = dict.fromkeys(name for name in found if name in _KNOWN)
    return [_SPELLED.get(name, name.title()) for name in names]
