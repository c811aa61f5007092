"""What the model should know best: subjects people ask for, in their own words.

One line a subject: `label | spoken names | tags | weight`. The label is the emoji's
English name in emojibase; spoken names and tags are what a person would type.
"""

CAT = "cute, happy, smile, smiling, kitten, kitty, pet, animal"
PET = "cute, happy, smile, animal, pet"
WILD = "cute, happy, animal, face"

_TABLE = """
cat face | cat, cat face, kitten, cat, kitty | {CAT} | 4
cat | cat, kitten, cat sitting | cute, pet, animal, kitten, walking | 1.5
black cat | black cat | cute, pet, animal | 0.5
grinning cat | cat, happy cat, smiling cat, grinning cat, cat face | {CAT}, grinning | 4
grinning cat with smiling eyes | cat, happy cat, smiling cat, kitten | {CAT}, laughing | 4
smiling cat with heart-eyes | cat, cat in love, smiling cat with heart eyes | {CAT}, love, heart eyes | 2.5
kissing cat | cat, kissing cat | {CAT}, kiss | 1.5
cat with tears of joy | cat, laughing cat | {CAT}, joy, tears | 1.5
cat with wry smile | cat, smirking cat, cat face | cute, smile, animal, pet | 1.5
crying cat | crying cat, sad cat | sad, tear, animal | 0.7
pouting cat | angry cat, pouting cat | angry, animal | 0.7
weary cat | scared cat, weary cat | tired, animal | 0.6
robot | robot, happy robot, robot face, robot | happy, smile, cute, machine, toy, face | 5
fox | fox, fox face | {WILD} | 5
rocket | rocket, rocket, space rocket, spaceship | space, launch, flying | 3
house with garden | house with a tree, house with garden, house with a tree, house | home, tree, garden | 4
house | house, home | building, door, roof | 1.5
houses | houses, village | home, building | 0.6
shortcake | strawberry cake, shortcake, strawberry cake, cake | dessert, sweet, strawberry, slice | 4
birthday cake | birthday cake, cake | party, candles, sweet, dessert | 1.5
strawberry | strawberry | fruit, red, berry, sweet | 1.5
owl | owl | {WILD}, bird | 3
panda | panda, panda face | {WILD}, bear | 3
red heart | red heart, heart | love, romance | 3
pizza | pizza, slice of pizza | food, cheese, slice | 3
dog face | dog, dog face, puppy | {PET}, puppy | 2.5
dog | dog, puppy | cute, pet, animal | 1
poodle | poodle, dog | pet, animal | 0.5
wolf | wolf, wolf face | {WILD} | 1
bear | bear, bear face, teddy | {WILD} | 2
polar bear | polar bear | animal, white | 0.6
koala | koala | {WILD} | 1.2
rabbit face | rabbit, bunny, rabbit face | {PET}, bunny | 2
rabbit | rabbit, bunny | cute, animal, pet | 1
lion | lion, lion face | {WILD} | 2
tiger face | tiger, tiger face | {WILD} | 1.5
tiger | tiger | animal, wild | 0.7
monkey face | monkey, monkey face | {WILD} | 1.2
mouse face | mouse, mouse face | {PET} | 1
hamster | hamster | {PET} | 1
cow face | cow, cow face | {WILD}, farm | 1
pig face | pig, pig face | {WILD}, farm | 1.2
horse face | horse, horse face | {WILD} | 0.8
horse | horse | animal, running | 0.7
unicorn | unicorn, unicorn face | cute, magic, rainbow, horse, animal | 2
zebra | zebra | animal, wild | 0.6
deer | deer | animal, forest | 0.7
elephant | elephant | animal, big, cute | 1.2
giraffe | giraffe | animal, cute | 0.7
hedgehog | hedgehog | animal, cute | 0.7
sloth | sloth | animal, cute | 0.5
raccoon | raccoon | animal, cute | 0.6
frog | frog, frog face | {WILD}, green | 1.5
turtle | turtle, tortoise | animal, green, cute | 1.2
snake | snake | animal, green | 0.8
crocodile | crocodile | animal, green | 0.6
dragon face | dragon, dragon face, dragon head | fantasy, monster, green | 2.5
dragon | dragon | fantasy, monster, green | 2.5
sauropod | dinosaur | animal, green, cute | 0.8
T-Rex | dinosaur, t-rex | animal, green | 0.8
penguin | penguin | {WILD}, bird | 2
bird | bird | cute, animal, flying | 1.5
chicken | chicken, hen | bird, animal, farm | 0.8
baby chick | chick, baby chick | bird, cute, yellow, animal | 1
front-facing baby chick | chick, baby chick | bird, cute, yellow, happy | 1
hatching chick | chick in an egg | bird, cute, egg | 0.6
duck | duck | bird, animal | 1
eagle | eagle | bird, animal | 0.7
parrot | parrot | bird, colourful | 0.7
flamingo | flamingo | bird, pink | 0.7
fish | fish | sea, animal, blue | 1.5
tropical fish | fish, tropical fish | sea, animal, colourful | 1.2
shark | shark | sea, animal | 0.8
dolphin | dolphin | sea, animal, blue | 1
whale | whale | sea, animal, blue | 1.2
spouting whale | whale, happy whale | sea, cute, blue, happy | 1.2
octopus | octopus | sea, animal, cute | 1.5
crab | crab | sea, animal, red | 1
snail | snail | animal, slow, cute | 0.8
butterfly | butterfly | insect, wings, pretty | 1.8
honeybee | bee, honeybee | insect, honey, cute | 1
lady beetle | ladybug, ladybird | insect, red, cute | 1
spider | spider | insect, scary | 0.6
paw prints | paw, paw prints | animal, pet, track | 0.8
sunflower | sunflower, flower | plant, yellow, garden | 1.2
rose | rose, red rose | flower, love, red | 1.2
tulip | tulip, flower | plant, pink, spring | 1.2
cherry blossom | cherry blossom, pink flower, flower | spring, sakura, petals | 1.2
blossom | flower, yellow flower | plant, petals | 1.2
hibiscus | hibiscus, flower | plant, red | 0.8
bouquet | bouquet, flowers | plant, love, gift | 1
cactus | cactus | plant, desert, green | 1
evergreen tree | pine tree, tree, evergreen tree | plant, forest, green | 1.2
deciduous tree | tree | plant, forest, green, leaves | 1.5
palm tree | palm tree | beach, island, tropical | 1
Christmas tree | christmas tree | holiday, winter, green | 1
four leaf clover | clover, four leaf clover | lucky, green, plant | 0.8
maple leaf | maple leaf, leaf | autumn, red | 0.7
seedling | seedling, sprout, plant | green, young | 0.8
mushroom | mushroom | red, forest, plant | 1.2
red apple | apple, red apple | fruit, red | 1.5
green apple | green apple, apple | fruit, green | 0.8
banana | banana | fruit, yellow | 1
watermelon | watermelon | fruit, red, slice | 1
lemon | lemon | fruit, yellow | 0.8
tangerine | orange, tangerine | fruit | 0.8
grapes | grapes | fruit, purple | 0.8
cherries | cherries, cherry | fruit, red | 0.8
peach | peach | fruit, pink | 0.7
pineapple | pineapple | fruit, yellow | 0.8
avocado | avocado | fruit, green | 0.8
carrot | carrot | vegetable, orange | 0.8
hamburger | burger, hamburger | food, cheese | 1.2
french fries | fries, french fries | food, potato | 0.8
hot dog | hot dog | food, sausage | 0.6
taco | taco | food, mexican | 0.6
sushi | sushi | food, japanese, fish | 0.8
steaming bowl | noodles, ramen, bowl of soup | food, hot | 0.7
bread | bread | food, bakery | 0.6
croissant | croissant | food, bakery | 0.6
egg | egg | food | 0.4
cooking | fried egg | food, pan | 0.5
doughnut | donut, doughnut | sweet, dessert, pink | 1.2
cookie | cookie | sweet, dessert, chocolate | 0.8
cupcake | cupcake, cake | sweet, dessert | 1
ice cream | ice cream | sweet, dessert, cold | 1.2
soft ice cream | ice cream, ice cream cone | sweet, dessert, cold | 1.2
lollipop | lollipop | sweet, candy | 0.7
candy | candy | sweet, sugar | 0.6
chocolate bar | chocolate | sweet, brown | 0.5
hot beverage | coffee, cup of coffee, hot coffee, tea | drink, hot, cup | 1.8
beer mug | beer, mug of beer | drink, bar | 0.8
wine glass | wine, glass of wine | drink, red | 0.7
cocktail glass | cocktail | drink, bar | 0.6
tropical drink | tropical drink, cocktail | drink, summer | 0.6
bubble tea | bubble tea | drink, sweet | 0.5
automobile | car, automobile, red car | vehicle, drive, road | 2
oncoming automobile | car | vehicle, front | 0.7
taxi | taxi, yellow car | vehicle, cab | 0.7
police car | police car | vehicle | 0.7
racing car | racing car, race car | vehicle, fast | 0.8
bus | bus | vehicle, road | 1
fire engine | fire truck, fire engine | vehicle, red | 0.8
ambulance | ambulance | vehicle, hospital | 0.6
tractor | tractor | vehicle, farm | 0.7
delivery truck | truck | vehicle, road | 0.7
locomotive | train, steam train, locomotive | vehicle, railway | 1.2
train | train | vehicle, railway | 0.8
high-speed train | train, fast train | vehicle, railway | 0.7
bicycle | bicycle, bike | vehicle, ride | 0.8
motorcycle | motorcycle | vehicle, ride | 0.6
airplane | airplane, plane | vehicle, flying, sky | 1.2
helicopter | helicopter | vehicle, flying | 0.8
flying saucer | ufo, flying saucer | space, alien | 0.8
sailboat | sailboat, boat | sea, water, sail | 1
ship | ship, boat | sea, water | 1.2
anchor | anchor | sea, ship | 0.8
castle | castle | building, fairy tale, tower | 1.5
Japanese castle | japanese castle, castle | building | 0.6
church | church | building | 0.6
tent | tent | camping, night | 0.6
mountain | mountain | nature, landscape | 0.8
snow-capped mountain | mountain, snowy mountain | nature, landscape | 1
mount fuji | mount fuji, mountain | nature, japan | 0.7
volcano | volcano | nature, lava | 0.8
beach with umbrella | beach, beach with umbrella | summer, sea | 0.7
desert island | island, desert island | sea, palm tree | 0.7
sunrise over mountains | sunrise, sunrise over mountains | morning, landscape | 0.7
sunset | sunset | evening, city | 0.6
night with stars | night sky, starry night | stars, city | 0.6
milky way | milky way, galaxy | stars, space, night | 0.7
water wave | wave, ocean wave | sea, water, blue | 1
sun | sun | sky, yellow, bright | 1.5
sun with face | sun, happy sun, smiling sun | sky, yellow, smile, cute | 1.2
crescent moon | moon, crescent moon | night, sky | 1.5
full moon | moon, full moon | night, sky | 0.8
full moon face | moon, smiling moon, moon with a face | night, smile, cute | 0.8
star | star, yellow star | sky, yellow | 2
glowing star | glowing star, star | sky, shiny | 1
shooting star | shooting star, star | sky, night | 0.6
rainbow | rainbow | sky, colourful | 2
cloud | cloud | sky, weather | 1.2
sun behind cloud | sun behind a cloud, cloud with sun | sky, weather | 0.8
cloud with rain | rain cloud | weather, rain | 0.7
cloud with lightning | thunder cloud, storm | weather | 0.5
umbrella | umbrella | rain, weather | 0.8
umbrella with rain drops | umbrella in the rain, umbrella | rain, weather | 0.7
snowflake | snowflake | winter, cold, blue | 1
snowman | snowman | winter, snow, cute | 1.2
snowman without snow | snowman | winter, cute | 0.8
fire | fire, flame | hot, red | 1.2
droplet | water drop, drop | water, blue | 0.8
high voltage | lightning, lightning bolt | electric, yellow | 0.8
globe showing Europe-Africa | earth, globe, planet earth | world, planet | 0.8
globe showing Americas | earth, globe, planet earth | world, planet | 0.8
ringed planet | planet, saturn | space | 0.8
pink heart | pink heart, heart | love | 0.6
blue heart | blue heart, heart | love | 1
green heart | green heart, heart | love | 0.8
yellow heart | yellow heart, heart | love | 0.8
purple heart | purple heart, heart | love | 0.8
orange heart | orange heart, heart | love | 0.4
black heart | black heart, heart | love | 0.4
broken heart | broken heart | sad, love | 0.8
sparkling heart | sparkling heart, pink heart | love, sparkle | 0.7
two hearts | two hearts, hearts | love, pink | 0.7
heart with arrow | heart with an arrow | love, cupid | 0.6
love letter | love letter | heart, mail | 0.5
crown | crown, golden crown | king, queen, gold | 1.8
guitar | guitar | music, instrument | 1.5
musical keyboard | piano | music, instrument | 0.6
violin | violin | music, instrument | 0.6
trumpet | trumpet | music, instrument | 0.6
drum | drum | music, instrument | 0.6
musical notes | music, musical notes | song | 0.7
headphone | headphones | music | 0.8
microphone | microphone | music, sing | 0.7
books | books, stack of books | read, school, library | 1.2
open book | open book, book | read, school | 1.2
closed book | book, red book | read, school | 1
ghost | ghost, cute ghost | halloween, spooky, white, cute | 2
jack-o-lantern | pumpkin, halloween pumpkin, jack-o-lantern | halloween, orange, spooky | 2
skull | skull | death, halloween, spooky | 1.5
skull and crossbones | skull and crossbones, pirate skull | danger, pirate | 0.7
alien | alien | space, ufo, face | 1.2
alien monster | alien monster, space invader | game, purple | 0.8
clown face | clown | circus, funny, face | 0.7
ogre | ogre, red monster | monster, face | 0.5
goblin | goblin, red demon | monster, face | 0.4
pile of poo | poop, pile of poo | funny, brown, smile | 0.8
teddy bear | teddy bear | toy, cute, bear | 1
balloon | balloon, red balloon | party, birthday | 0.8
wrapped gift | gift, present | birthday, box, ribbon | 1
party popper | party popper | celebration, confetti | 0.6
soccer ball | soccer ball, football | sport, ball | 1
basketball | basketball | sport, ball, orange | 0.8
trophy | trophy, golden trophy | winner, gold | 1
game die | die, dice | game | 0.6
video game | game controller, video game | play | 0.8
artist palette | palette, paint palette | art, colours | 0.8
gem stone | diamond, gem | jewel, blue | 1
ring | ring, diamond ring | jewel, wedding | 0.7
key | key | lock, gold | 0.8
locked | lock, padlock | safe, gold | 0.6
light bulb | light bulb, idea | lamp, yellow | 1
candle | candle | light, flame | 0.6
camera | camera | photo | 0.9
television | television, tv | screen | 0.6
laptop | laptop, computer | screen | 0.8
mobile phone | phone, mobile phone | screen | 0.6
bell | bell, golden bell | ring, gold | 0.8
bomb | bomb | explosion, black | 0.7
magic wand | magic wand | magic, sparkle | 0.5
crystal ball | crystal ball | magic, purple | 0.6
shield | shield | armour, knight | 0.6
crossed swords | swords, crossed swords | knight, fight | 0.6
money bag | money bag, money | gold, rich | 0.6
treasure chest | treasure chest | pirate, gold | 0.4
top hat | top hat, hat | magician | 0.6
sunglasses | sunglasses | cool, summer | 0.6
t-shirt | t-shirt, shirt | clothes | 0.5
gear | gear, cog | machine, settings | 0.6
hammer | hammer | tool | 0.5
grinning face | smiley, happy face, grinning face | smiley, emoji, yellow, smile, happy | 1.2
grinning face with smiling eyes | happy face, smiley face, laughing face | smiley, emoji, yellow, smile | 1
slightly smiling face | smiley face, smiling face | smiley, emoji, yellow, happy | 1
smiling face with smiling eyes | smiling face, smiley face | smiley, emoji, yellow, happy | 1
smiling face with heart-eyes | face in love, face with heart eyes | smiley, emoji, love | 1.2
smiling face with sunglasses | cool face, face with sunglasses | smiley, emoji, cool | 1.2
face with tears of joy | laughing face, face with tears of joy | smiley, emoji, joy | 1
winking face | winking face | smiley, emoji, wink | 0.8
thinking face | thinking face | smiley, emoji | 0.8
crying face | crying face, sad face | smiley, emoji, tear | 0.8
loudly crying face | crying face | smiley, emoji, sad | 0.7
angry face | angry face | smiley, emoji, mad | 0.8
sleeping face | sleeping face | smiley, emoji, zzz | 0.7
star-struck | star-struck face, face with star eyes | smiley, emoji | 0.6
partying face | party face | smiley, emoji, party | 0.6
nerd face | nerd face | smiley, emoji, glasses | 0.7
cowboy hat face | cowboy face | smiley, emoji, hat | 0.7
smiling face with halo | angel face | smiley, emoji, halo | 0.6
smiling face with horns | devil face | smiley, emoji, purple | 0.6
face blowing a kiss | kissing face | smiley, emoji, kiss | 0.6
"""


def _split(text):
    return [word.strip() for word in text.split(",")]


def popular():
    """label -> (spoken names, tags, weight)"""
    table = _TABLE.format(CAT=CAT, PET=PET, WILD=WILD)
    rows = (line.split("|") for line in table.splitlines() if line)
    return {
        label.strip(): (_split(names), _split(tags), float(weight))
        for label, names, tags, weight in rows
    }


# Names that a set spells in its own way (letters and digits only) -> emojibase label.
ALIASES = {
    "catside": "cat", "dogside": "dog", "bunny": "rabbit face", "bunnyside": "rabbit",
    "dragonhead": "dragon face", "dragonside": "dragon", "lionface": "lion", "bearface": "bear",
    "foxface": "fox", "frogface": "frog", "hamsterface": "hamster", "hampster": "hamster",
    "pandaface": "panda", "wolfface": "wolf", "unicornface": "unicorn", "robotface": "robot",
    "grinningcatface": "grinning cat", "grinningcatfacewithsmilingeyes": "grinning cat with smiling eyes",
    "smilingcatfacewithhearteyes": "smiling cat with heart-eyes", "kissingcatface": "kissing cat",
    "catfacewithtearsofjoy": "cat with tears of joy", "catfacewithwrysmile": "cat with wry smile",
    "cryingcatface": "crying cat", "poutingcatface": "pouting cat", "wearycatface": "weary cat",
    "foxgrin": "fox", "foxsmiling": "fox", "foxheart": "fox", "foxkissing": "fox", "foxwry": "fox",
    "housewithgarden": "house with garden", "housebuilding": "house", "housebuildings": "houses",
    "birthdaycake": "birthday cake", "redheart": "red heart", "heartblue": "blue heart",
    "heartgreen": "green heart", "heartpurple": "purple heart", "heartyellow": "yellow heart",
    "brokenheart": "broken heart", "2hearts": "two hearts", "heartarrow": "heart with arrow",
    "loveletter": "love letter", "sliceofpizza": "pizza", "redapple": "red apple",
    "greenapple": "green apple", "icecream": "ice cream", "softicecream": "soft ice cream",
    "hotbeverage": "hot beverage", "beermug": "beer mug", "wineglass": "wine glass",
    "cocktailglass": "cocktail glass", "tropicaldrink": "tropical drink", "racecar": "racing car",
    "policecar": "police car", "fireengine": "fire engine", "deliverytruck": "delivery truck",
    "steamlocomotive": "locomotive", "highspeedtrain": "high-speed train",
    "europeancastle": "castle", "japanesecastle": "Japanese castle", "crescentmoon": "crescent moon",
    "fullmoonwithface": "full moon face", "fullmoon": "full moon", "sunwithface": "sun with face",
    "whitemediumstar": "star", "shootingstar": "shooting star", "raincloud": "cloud with rain",
    "sunbehindcloud": "sun behind cloud", "umbrellawithraindrops": "umbrella with rain drops",
    "snowmanwithoutsnow": "snowman without snow", "tigerside": "tiger", "pigside": "pig",
    "cowface": "cow face", "horseface": "horse face", "monkeyface": "monkey face",
    "mouseside": "mouse", "babychick": "baby chick", "frontfacingchick": "front-facing baby chick",
    "hatchingchick": "hatching chick", "spurtingwhale": "spouting whale",
    "tropicalfish": "tropical fish", "ladybeetle": "lady beetle", "pawprints": "paw prints",
    "cherryblossom": "cherry blossom", "bouquetofflowers": "bouquet", "evergreen": "evergreen tree",
    "deciduoustree": "deciduous tree", "palmtree": "palm tree", "christmastree": "Christmas tree",
    "fourleafclover": "four leaf clover", "mapleleaf": "maple leaf", "frenchfries": "french fries",
    "chocolatebar": "chocolate bar", "steamingbowl": "steaming bowl", "mountfuji": "mount fuji",
    "snowmountains": "snow-capped mountain", "desertisland": "desert island",
    "jackolantern": "jack-o-lantern", "blackskullcrossbones": "skull and crossbones",
    "alienmonster": "alien monster", "poo": "pile of poo", "present": "wrapped gift",
    "partypopper": "party popper", "soccerball": "soccer ball", "videogame": "video game",
    "artistpalette": "artist palette", "gem": "gem stone", "lock": "locked",
    "lightbulb": "light bulb", "crystalball": "crystal ball",
    "moneybag": "money bag", "tophat": "top hat", "closedbook": "closed book",
    "openbook": "open book", "musicalkeyboard": "musical keyboard",
    "multiplemusicalnotes": "musical notes", "cellphone": "mobile phone", "hearteyes":
    "smiling face with heart-eyes", "grintears": "face with tears of joy", "winking": "winking face",
    "crying": "crying face", "loudlycrying": "loudly crying face", "angry": "angry face",
    "sleeping": "sleeping face", "halo": "smiling face with halo", "smileeyes":
    "smiling face with smiling eyes", "devilhorns": "smiling face with horns",
    "smallsmile": "slightly smiling face", "grineyes": "grinning face with smiling eyes",
    "milkyway": "milky way", "nightwithstars": "night with stars",
    "sunriseovermountains": "sunrise over mountains", "bolt": "high voltage",
    "europeafricaglobe": "globe showing Europe-Africa", "americasglobe": "globe showing Americas",
}
