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
monkey | monkey, ape | animal, jungle | 0.7
gorilla | gorilla | animal, jungle | 0.5
mouse | mouse | animal, small, cute | 0.6
rat | rat | animal | 0.3
pig | pig | animal, farm, pink | 0.7
cow | cow | animal, farm | 0.7
ox | ox, bull | animal, farm | 0.3
goat | goat | animal, farm | 0.5
ewe | ewe, sheep | animal, farm, wool | 0.7
donkey | donkey | animal, farm | 0.4
moose | moose | animal, forest | 0.4
camel | camel | animal, desert | 0.5
llama | llama, alpaca | animal | 0.5
kangaroo | kangaroo | animal | 0.5
hippopotamus | hippopotamus, hippo | animal | 0.4
rhinoceros | rhinoceros, rhino | animal | 0.4
leopard | leopard, cheetah | animal, wild | 0.4
chipmunk | chipmunk, squirrel | animal, forest, cute | 0.6
beaver | beaver | animal | 0.4
otter | otter | animal, cute | 0.4
badger | badger | animal | 0.3
skunk | skunk | animal | 0.3
bat | bat | animal, halloween, night | 0.6
swan | swan | bird, white, lake | 0.5
peacock | peacock | bird, colourful | 0.4
turkey | turkey | bird, farm | 0.3
rooster | rooster, cock | bird, farm | 0.5
dove | dove, white dove | bird, peace | 0.5
goose | goose | bird | 0.4
seal | seal | sea, animal | 0.4
squid | squid | sea, animal | 0.4
lobster | lobster | sea, animal, red | 0.4
shrimp | shrimp, prawn | sea, animal | 0.4
jellyfish | jellyfish | sea, animal | 0.5
coral | coral, coral reef | sea | 0.3
spiral shell | spiral shell, shell, seashell | sea, beach | 0.5
blowfish | blowfish, pufferfish | sea, animal | 0.4
lizard | lizard, gecko | animal, green | 0.4
scorpion | scorpion | animal, desert | 0.3
bug | bug, caterpillar | insect, green | 0.4
ant | ant | insect | 0.4
beetle | beetle | insect | 0.3
mosquito | mosquito | insect | 0.2
fly | fly | insect | 0.2
worm | worm | animal | 0.2
spider web | spider web, cobweb | halloween | 0.4
feather | feather | bird, light | 0.4
potted plant | potted plant, house plant, plant in a pot | plant, green, home | 0.8
herb | herb | plant, green | 0.3
shamrock | shamrock | plant, green, lucky | 0.3
lotus | lotus, lotus flower | flower, pink | 0.4
hyacinth | hyacinth | flower, purple | 0.3
white flower | white flower | flower | 0.3
wilted flower | wilted flower | flower, sad | 0.2
fallen leaf | fallen leaf, leaves | autumn, brown | 0.4
rock | rock, stone | grey | 0.4
wood | wood, log | brown | 0.3
pear | pear | fruit, green | 0.6
mango | mango | fruit | 0.5
kiwi fruit | kiwi fruit, kiwi | fruit, green | 0.5
coconut | coconut | fruit, tropical | 0.5
blueberries | blueberries, blueberry | fruit, blue | 0.4
lime | lime | fruit, green | 0.3
melon | melon | fruit, green | 0.4
tomato | tomato | vegetable, red | 0.7
eggplant | eggplant, aubergine | vegetable, purple | 0.5
cucumber | cucumber | vegetable, green | 0.4
broccoli | broccoli | vegetable, green | 0.5
potato | potato | vegetable | 0.4
onion | onion | vegetable | 0.4
garlic | garlic | vegetable, white | 0.4
ear of corn | ear of corn, corn | vegetable, yellow | 0.5
hot pepper | hot pepper, chili, chili pepper | vegetable, red | 0.5
bell pepper | bell pepper, paprika | vegetable | 0.4
peanuts | peanuts, nuts | food | 0.3
chestnut | chestnut | nut, brown | 0.3
green salad | green salad, salad | food, green | 0.4
sandwich | sandwich | food | 0.6
pancakes | pancakes | food, sweet, breakfast | 0.6
waffle | waffle | food, sweet | 0.4
cheese wedge | cheese wedge, cheese, piece of cheese | food, yellow | 0.6
bacon | bacon | food, meat | 0.4
cut of meat | cut of meat, steak | food, meat | 0.4
meat on bone | meat on bone, meat | food | 0.4
poultry leg | poultry leg, chicken leg | food, meat | 0.4
pretzel | pretzel | food | 0.4
bagel | bagel | food | 0.3
popcorn | popcorn | food, cinema | 0.6
pie | pie | food, dessert | 0.4
custard | custard, pudding, flan | dessert, sweet | 0.4
honey pot | honey pot, jar of honey, honey | sweet, bee | 0.5
spaghetti | spaghetti, pasta | food, italian | 0.5
burrito | burrito | food, mexican | 0.4
rice ball | rice ball, onigiri | food, japanese | 0.4
cooked rice | cooked rice, bowl of rice, rice | food | 0.4
curry rice | curry rice, curry | food | 0.3
dumpling | dumpling | food | 0.4
bento box | bento box, bento | food, japanese | 0.3
dango | dango | food, japanese, sweet | 0.3
shaved ice | shaved ice | dessert, cold | 0.3
glass of milk | glass of milk, milk | drink, white | 0.5
teacup without handle | teacup without handle, cup of tea, green tea, cup | drink, hot | 0.6
teapot | teapot | tea, kitchen | 0.5
cup with straw | cup with straw, soda, soft drink | drink | 0.5
clinking glasses | clinking glasses, toast | drink, party | 0.4
clinking beer mugs | clinking beer mugs, cheers | drink, beer, party | 0.4
bottle with popping cork | bottle with popping cork, champagne | drink, party | 0.4
tumbler glass | tumbler glass, whisky | drink | 0.3
fork and knife | fork and knife, cutlery | kitchen, eat | 0.5
spoon | spoon | kitchen | 0.4
kitchen knife | kitchen knife, knife | kitchen | 0.4
motor scooter | motor scooter, scooter, moped | vehicle | 0.5
kick scooter | kick scooter, scooter | vehicle | 0.4
sport utility vehicle | sport utility vehicle, suv, jeep | vehicle | 0.4
pickup truck | pickup truck | vehicle | 0.4
articulated lorry | articulated lorry, lorry, big truck | vehicle | 0.4
bullet train | bullet train | vehicle, railway | 0.4
metro | metro, subway | vehicle, railway | 0.4
tram | tram, streetcar | vehicle | 0.4
speedboat | speedboat, motorboat | sea, fast | 0.5
canoe | canoe, boat | water | 0.5
ferry | ferry | sea, ship | 0.3
passenger ship | passenger ship, cruise ship | sea | 0.4
small airplane | small airplane, propeller plane | flying, sky | 0.4
parachute | parachute | sky | 0.4
satellite | satellite | space | 0.5
comet | comet | space | 0.4
tornado | tornado, whirlwind | weather, storm | 0.4
cloud with snow | cloud with snow, snow cloud | weather, winter | 0.4
factory | factory | building, smoke | 0.5
school | school | building | 0.5
hospital | hospital | building | 0.5
bank | bank | building, money | 0.4
hotel | hotel | building | 0.4
convenience store | convenience store, shop, store | building | 0.5
office building | office building, skyscraper | building, city | 0.5
hut | hut, cabin | building | 0.4
Tokyo tower | Tokyo tower, tower | building | 0.4
Statue of Liberty | Statue of Liberty | new york | 0.4
ferris wheel | ferris wheel | fair | 0.5
carousel horse | carousel horse | fair | 0.3
roller coaster | roller coaster | fair | 0.4
circus tent | circus tent, circus | fair | 0.5
fountain | fountain | park, water | 0.4
stadium | stadium | sport | 0.3
cityscape | cityscape, city skyline, city | buildings | 0.5
bridge at night | bridge at night, bridge | city | 0.5
desert | desert | sand, cactus | 0.5
camping | camping, tent in the forest | nature | 0.5
glasses | glasses, eyeglasses, spectacles | reading, nerd | 0.8
goggles | goggles | swim, ski | 0.3
woman’s hat | woman’s hat, sun hat, hat with a bow | clothes | 0.5
billed cap | billed cap, cap, baseball cap | clothes | 0.6
graduation cap | graduation cap | school, university | 0.6
rescue worker’s helmet | rescue worker’s helmet, helmet | safety | 0.4
scarf | scarf | clothes, winter | 0.5
gloves | gloves | clothes, winter | 0.4
socks | socks | clothes | 0.4
dress | dress | clothes | 0.6
jeans | jeans, trousers | clothes, blue | 0.4
coat | coat, jacket | clothes | 0.4
necktie | necktie, tie, shirt and tie | clothes | 0.4
ribbon | ribbon, bow | pink, gift | 0.6
handbag | handbag, bag | clothes | 0.4
backpack | backpack, school bag | school | 0.6
running shoe | running shoe, sneaker, shoe | clothes, sport | 0.6
high-heeled shoe | high-heeled shoe, high heels | clothes, red | 0.4
hiking boot | hiking boot, boot | clothes | 0.4
lipstick | lipstick | make-up, red | 0.4
mirror | mirror | home | 0.3
telephone | telephone, old phone | call | 0.4
desktop computer | desktop computer, computer | screen | 0.5
keyboard | keyboard | computer | 0.4
printer | printer | office | 0.3
joystick | joystick | game | 0.4
radio | radio | music | 0.4
battery | battery | power, green | 0.5
electric plug | electric plug, plug | power | 0.4
flashlight | flashlight, torch | light | 0.4
magnifying glass tilted left | magnifying glass tilted left, magnifying glass | search | 0.6
microscope | microscope | science | 0.5
telescope | telescope | science, stars | 0.5
test tube | test tube | science | 0.4
dna | dna | science | 0.4
alembic | alembic, flask | science, chemistry | 0.4
magnet | magnet | science, red | 0.4
satellite antenna | satellite antenna, satellite dish | signal | 0.4
pencil | pencil | write, school, yellow | 0.7
pen | pen | write | 0.4
paintbrush | paintbrush, brush | art | 0.6
crayon | crayon | art | 0.3
scissors | scissors | cut, school | 0.5
paperclip | paperclip | office | 0.4
straight ruler | straight ruler, ruler | school | 0.3
clipboard | clipboard | office | 0.4
notebook | notebook | school, write | 0.5
newspaper | newspaper | read, news | 0.5
scroll | scroll | old, paper | 0.4
envelope | envelope, letter, mail | post | 0.6
package | package, box, parcel | post, brown | 0.7
calendar | calendar | date | 0.4
bar chart | bar chart, chart | office | 0.4
chart increasing | chart increasing, growing chart | business | 0.4
briefcase | briefcase | business, brown | 0.4
shopping cart | shopping cart, cart | shop | 0.6
shopping bags | shopping bags, bags | shop | 0.4
coin | coin, gold coin | money | 0.6
credit card | credit card | money | 0.4
balance scale | balance scale, scales | justice | 0.4
wrench | wrench, spanner | tool | 0.5
screwdriver | screwdriver | tool | 0.4
axe | axe | tool | 0.4
hammer and wrench | hammer and wrench, tools | repair | 0.4
toolbox | toolbox | tool, red | 0.4
ladder | ladder | tool | 0.4
broom | broom | clean, witch | 0.4
bucket | bucket | water, clean | 0.4
basket | basket | picnic | 0.4
soap | soap | clean, bath | 0.4
toothbrush | toothbrush | bath, clean | 0.4
bathtub | bathtub, bath | bathroom | 0.5
toilet | toilet | bathroom | 0.4
shower | shower | bathroom | 0.3
chair | chair | furniture | 0.6
bed | bed | furniture, sleep | 0.6
couch and lamp | couch and lamp, sofa, couch | furniture | 0.5
door | door | house | 0.5
window | window | house | 0.4
pill | pill, medicine | health | 0.4
syringe | syringe | health | 0.3
stethoscope | stethoscope | health, doctor | 0.4
thermometer | thermometer | weather, health | 0.4
compass | compass | travel | 0.5
world map | world map, map | travel | 0.5
luggage | luggage, suitcase | travel | 0.5
fuel pump | fuel pump, petrol station | car | 0.4
wheel | wheel, tyre | car | 0.3
horizontal traffic light | horizontal traffic light | road | 0.2
vertical traffic light | vertical traffic light, traffic light | road | 0.5
stop sign | stop sign | road, red | 0.3
construction | construction, road works | sign | 0.3
tennis | tennis, tennis ball, tennis racket | sport | 0.5
baseball | baseball | sport, ball | 0.5
volleyball | volleyball | sport, ball | 0.5
american football | american football | sport, ball | 0.4
bowling | bowling | sport, ball | 0.4
ping pong | ping pong, table tennis | sport | 0.4
boxing glove | boxing glove | sport, red | 0.4
bullseye | bullseye, target, dart board | game | 0.5
skateboard | skateboard | sport | 0.5
roller skate | roller skate | sport | 0.4
ice skate | ice skate | sport, winter | 0.4
skis | skis | sport, winter | 0.4
sled | sled, sledge | winter | 0.4
fishing pole | fishing pole, fishing rod | fish | 0.4
bow and arrow | bow and arrow | sport | 0.4
sports medal | sports medal, medal | winner, gold | 0.5
1st place medal | 1st place medal, gold medal | winner | 0.4
kite | kite | sky, play | 0.5
yo-yo | yo-yo | toy | 0.3
puzzle piece | puzzle piece, puzzle | game | 0.5
nesting dolls | nesting dolls, matryoshka | toy, russian | 0.4
chess pawn | chess pawn, chess | game | 0.4
joker | joker, playing card | game | 0.3
performing arts | performing arts, theatre masks | theatre | 0.4
framed picture | framed picture, painting | art | 0.4
clapper board | clapper board | film | 0.4
movie camera | movie camera, film camera | film | 0.4
saxophone | saxophone | music, instrument | 0.5
accordion | accordion | music, instrument | 0.4
flute | flute | music, instrument | 0.3
banjo | banjo | music, instrument | 0.3
musical note | musical note, note | music | 0.5
megaphone | megaphone | loud | 0.4
confetti ball | confetti ball, confetti | party | 0.4
fireworks | fireworks | party, night | 0.5
sparkles | sparkles, stars | shiny, magic | 0.6
collision | collision, explosion, bang | comic | 0.4
speech balloon | speech balloon, speech bubble | chat, talk | 0.6
heart on fire | heart on fire, burning heart | love | 0.5
white heart | white heart | love | 0.3
growing heart | growing heart | love, pink | 0.4
heart with ribbon | heart with ribbon, gift heart | love | 0.4
red envelope | red envelope | new year, chinese | 0.4
red paper lantern | red paper lantern, lantern | light, chinese | 0.5
wind chime | wind chime | sound | 0.3
moai | moai, easter island head | stone | 0.4
coffin | coffin | halloween | 0.3
headstone | headstone, grave | halloween | 0.4
moon cake | moon cake | food, chinese | 0.3
takeout box | takeout box, chinese takeaway | food | 0.3
fortune cookie | fortune cookie | food, chinese | 0.3
grinning face with big eyes | grinning face with big eyes, very happy face | smiley, emoji, yellow | 0.6
neutral face | neutral face | smiley, emoji | 0.4
upside-down face | upside-down face | smiley, emoji | 0.4
face with rolling eyes | face with rolling eyes | smiley, emoji | 0.4
zany face | zany face, crazy face | smiley, emoji | 0.4
face with tongue | face with tongue, cheeky face | smiley, emoji | 0.5
exploding head | exploding head, mind blown | smiley, emoji | 0.4
cold face | cold face, freezing face | smiley, blue | 0.4
hot face | hot face | smiley, red | 0.4
face with medical mask | face with medical mask, masked face | smiley, sick | 0.4
fearful face | fearful face, scared face | smiley, emoji | 0.4
face screaming in fear | face screaming in fear, screaming face | smiley, scared | 0.5
flushed face | flushed face, blushing face | smiley, emoji | 0.4
drooling face | drooling face, hungry face | smiley, emoji | 0.4
money-mouth face | money-mouth face | smiley, money | 0.4
astonished face | astonished face, surprised face | smiley, emoji | 0.5
see-no-evil monkey | see-no-evil monkey, shy monkey | animal, cute | 0.5
hear-no-evil monkey | hear-no-evil monkey | animal, cute | 0.4
speak-no-evil monkey | speak-no-evil monkey | animal, cute | 0.4
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
