"""Which subjects can do what in a scene: labels as emojibase spells them."""


def _labels(text):
    return tuple(label.strip() for label in text.replace("\n", " ").split(","))


ANIMAL_FACES = _labels("""
cat face, grinning cat, grinning cat with smiling eyes, smiling cat with heart-eyes, dog face, fox, wolf,
bear, polar bear, panda, koala, rabbit face, lion, tiger face, monkey face, mouse face, hamster, cow face, pig
face, horse face, unicorn, frog, dragon face, raccoon
""")
SMILEYS = _labels("""
grinning face, grinning face with smiling eyes, slightly smiling face, smiling face with smiling eyes, winking
face, thinking face, crying face, angry face, sleeping face, grinning face with big eyes, neutral face
""")
FACES = ANIMAL_FACES + SMILEYS + _labels("""
robot, alien, ghost, skull, full moon face, sun with face, jack-o-lantern, pile of poo, snowman
""")
ANIMALS = ANIMAL_FACES + _labels("""
cat, dog, poodle, rabbit, tiger, horse, zebra, deer, elephant, giraffe, hedgehog, sloth, turtle, snake,
crocodile, dragon, sauropod, T-Rex, penguin, bird, chicken, baby chick, front-facing baby chick, duck, eagle,
parrot, flamingo, owl, snail, mouse, rat, monkey, gorilla, kangaroo, chipmunk, leopard, pig, cow, ox, goat,
ewe, camel, bison, llama, hippopotamus, rhinoceros, swan, peacock, turkey, rooster, beaver, otter, skunk
""")
SWIMMERS = _labels("""
fish, tropical fish, blowfish, shark, dolphin, whale, spouting whale, octopus, crab, squid, lobster, shrimp,
turtle, seal, spiral shell
""")
FLYERS = _labels("""
rocket, airplane, small airplane, helicopter, flying saucer, balloon, bird, eagle, parrot, owl, dove,
butterfly, honeybee, lady beetle, bat, dragon, ghost, kite, parachute, satellite, duck, unicorn
""")
IN_SKY = _labels("""
sun, sun with face, crescent moon, full moon, full moon face, star, glowing star, shooting star, rainbow,
cloud, cloud with rain, cloud with lightning, cloud with snow, ringed planet, comet, snowflake, high voltage
""")
VEHICLES = _labels("""
automobile, oncoming automobile, taxi, police car, racing car, bus, fire engine, ambulance, tractor, delivery
truck, locomotive, train, bicycle, motorcycle, motor scooter, sport utility vehicle, trolleybus, minibus, kick
scooter
""")
BOATS = _labels("sailboat, ship, speedboat, canoe, ferry, motor boat, passenger ship")
BUILDINGS = _labels("""
house, house with garden, houses, castle, Japanese castle, church, tent, factory, hospital, school, hotel,
bank, convenience store, Tokyo tower, Statue of Liberty, hut, ferris wheel, fountain, stadium, circus tent
""")
PLANTS = _labels("""
evergreen tree, deciduous tree, palm tree, Christmas tree, cactus, sunflower, rose, tulip, blossom, cherry
blossom, hibiscus, seedling, mushroom, potted plant, bouquet, four leaf clover, maple leaf, herb
""")
FOOD = _labels("""
red apple, green apple, banana, watermelon, lemon, tangerine, grapes, cherries, peach, pear, pineapple,
strawberry, kiwi fruit, coconut, avocado, carrot, ear of corn, tomato, eggplant, broccoli, cucumber,
hamburger, pizza, hot dog, taco, sushi, bread, croissant, egg, doughnut, cookie, cupcake, birthday cake,
shortcake, ice cream, soft ice cream, lollipop, candy, chocolate bar, cheese wedge, pancakes, pretzel,
sandwich, french fries, honey pot, pie
""")
DRINKS = _labels("""
hot beverage, teacup without handle, beer mug, wine glass, cocktail glass, tropical drink, bubble tea, glass
of milk, baby bottle, beverage box
""")
THINGS = _labels("""
red heart, crown, guitar, violin, trumpet, drum, headphone, microphone, books, open book, closed book, teddy
bear, balloon, wrapped gift, soccer ball, basketball, tennis, trophy, game die, video game, artist palette,
gem stone, ring, key, locked, light bulb, candle, camera, television, laptop, mobile phone, bell, bomb, magic
wand, crystal ball, shield, crossed swords, money bag, top hat, sunglasses, t-shirt, gear, hammer, umbrella,
telephone, pencil, scissors, paperclip, envelope, package, telescope, magnifying glass tilted left, backpack,
handbag, glasses, running shoe, high-heeled shoe, socks, gloves, scarf, basket, broom, anchor, compass, desert
island, fire, chair, toilet, door, bed, couch and lamp, bathtub, puzzle piece, yarn, thread, kite, yo-yo,
skateboard, roller skate, sled
""")

HATS = _labels("""
top hat, crown, billed cap, graduation cap, woman’s hat, rescue worker’s helmet, military helmet
""")
EYEWEAR = _labels("glasses, sunglasses, goggles")
NECKWEAR = _labels("ribbon, scarf, necktie")
HELD = _labels("""
balloon, red heart, rose, tulip, bouquet, sunflower, wrapped gift, ice cream, soft ice cream, lollipop, candy,
doughnut, cookie, red apple, banana, strawberry, pizza, hamburger, shortcake, birthday cake, carrot, hot
beverage, beer mug, bubble tea, wine glass, guitar, trumpet, microphone, camera, umbrella, key, trophy, magic
wand, soccer ball, basketball, star, laptop, mobile phone, pencil, hammer, love letter, light bulb, gem stone,
money bag, teddy bear, fish, egg, cupcake
""")
READ = _labels("open book, closed book, newspaper, books")
CONTAINERS = _labels("""
hot beverage, teacup without handle, bathtub, canoe, shopping cart, bucket, basket, package, bowl with spoon,
steaming bowl, wastebasket, automobile, sailboat, pot of food, nest with eggs, flying saucer, sled, bed, glass
of milk, honey pot
""")
SUPPORTS = _labels("""
books, closed book, mushroom, cloud, package, wrapped gift, birthday cake, pancakes, house, automobile,
turtle, elephant, whale, rocket, laptop, television, bed, chair, skateboard, crescent moon, cheese wedge,
bread, watermelon, soccer ball, drum, locomotive, bus, delivery truck, horse, desert island, couch and lamp,
evergreen tree, castle, sled, game die, toilet, doughnut, pizza, jack-o-lantern
""")
SHELTERS = _labels("""
umbrella, deciduous tree, palm tree, mushroom, rainbow, cloud, cloud with rain, evergreen tree, crescent moon,
sun, star, flying saucer, balloon, Christmas tree, beach with umbrella, parachute, cloud with lightning
""")
# Mirrored, these would show their writing the wrong way round.
WRITTEN = _labels("""
calendar, tear-off calendar, spiral calendar, newspaper, rolled-up newspaper, money with wings, dollar
banknote, yen banknote, euro banknote, pound banknote, hospital, bank, hotel, convenience store, love hotel,
post office, Japanese post office, police car, ambulance, taxi, oncoming taxi, bus stop, stop sign, sake,
receipt, hundred points, mahjong red dragon, joker, keyboard, pager, optical disk, dvd, label, bookmark,
credit card, musical score, musical note, musical notes, construction, pool 8 ball, abacus, clapper board,
chart increasing
""")
COUNTED = tuple(dict.fromkeys(ANIMALS + FOOD + PLANTS + VEHICLES + THINGS + IN_SKY + SWIMMERS + SMILEYS + BOATS + DRINKS))
STANDING = tuple(dict.fromkeys(ANIMALS + VEHICLES + BUILDINGS + PLANTS + FACES + THINGS + FOOD))
