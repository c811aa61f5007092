//! What kind of thing a subject is, as far as plain words tell, so that a castle is not given a wildlife photograph.

const KINDS: [(&str, &str); 5] = [
    ("logos", "logo icon emblem badge mark symbol sticker mascot"),
    (
        "animals",
        "animal cat kitten dog puppy fox bear panda rabbit bunny wolf tiger lion leopard elephant horse pony unicorn cow \
         sheep goat pig deer monkey squirrel hamster mouse hedgehog raccoon koala kangaroo otter bird owl eagle parrot \
         peacock penguin duck duckling swan crane crow chicken rooster fish goldfish carp shark whale dolphin octopus \
         jellyfish crab turtle frog snake lizard crocodile dinosaur dragon phoenix butterfly bee dragonfly ladybug ant \
         spider snail",
    ),
    (
        "people",
        "person people man woman boy girl child baby family couple princess prince king queen knight wizard witch fairy \
         mermaid angel samurai ninja pirate astronaut robot chef doctor nurse teacher dancer singer warrior hero elf \
         portrait selfie grandfather grandmother bride men women",
    ),
    (
        "food",
        "food cake cookie bread donut pizza burger hamburger sushi ramen noodles dumpling rice soup salad sandwich candy \
         chocolate icecream coffee tea juice wine beer apple banana orange lemon strawberry cherry peach watermelon \
         pineapple grape fruit vegetable carrot tomato mushroom egg cheese honey breakfast dessert cupcake",
    ),
    (
        "places",
        "castle house cottage cabin city town village street road bridge tower temple pagoda palace church lighthouse \
         windmill school library garden park forest jungle mountain volcano valley desert island river lake waterfall sea \
         ocean beach harbor sky landscape meadow field farm moon planet galaxy space room kitchen cafe market ruins \
         skyscraper skyline sunset sunrise",
    ),
];

/// The kinds that the words of an English subject name, as styles call what they suit; `things` where none is named.
pub(crate) fn kinds(subject: &str) -> Vec<&'static str> {
    let small = subject.to_lowercase();
    let words: Vec<&str> = small.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let named = |list: &str| list.split_whitespace().any(|noun| words.iter().any(|word| is(word, noun)));
    let found: Vec<&str> = KINDS.iter().filter(|(_, list)| named(list)).map(|(kind, _)| *kind).collect();
    if found.is_empty() { vec!["things"] } else { found }
}

/// One or several of `noun`.
fn is(word: &str, noun: &str) -> bool {
    word.strip_prefix(noun).is_some_and(|rest| matches!(rest, "" | "s" | "es"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_words_tell_the_kind() {
        assert_eq!(kinds("Logo of three foxes"), ["logos", "animals"]);
        assert_eq!(kinds("a castle"), ["places"]);
        assert_eq!(kinds("a bicycle"), ["things"]);
        assert_eq!(kinds("education"), ["things"]);
    }
}
