use proptest::prelude::*;

use super::*;

#[test]
fn the_table_is_whole() {
    assert!(len() >= 4000, "{} entries", len());
    assert!(TABLE.windows(2).all(|pair| pair[0].key < pair[1].key), "sorted, each key once");
    assert!(TRADITIONAL.windows(2).all(|pair| pair[0].0 < pair[1].0));
    for entry in TABLE.iter() {
        assert!(entry.key.contains(is_han), "{}", entry.key);
        assert_eq!(
            entry.english.is_empty(),
            matches!(entry.kind, PartOfSpeech::Particle | PartOfSpeech::Binder),
            "{}",
            entry.key
        );
        assert!(!entry.english.contains(is_han), "{}", entry.english);
    }
    for pair in TRADITIONAL.iter() {
        assert!(pair.0 != pair.1 && is_han(pair.0) && is_han(pair.1), "{pair:?}");
    }
}

#[test]
fn phrases_become_english() {
    let mut wrong = Vec::new();
    for (chinese, english) in [
        ("可爱的小猫标志,开心,微笑", "cute kitten logo, happy, smile"),
        ("可爱的小猫标志，开心，微笑。", "cute kitten logo, happy, smile"),
        ("一只戴帽子的蓝色狐狸", "a blue fox wearing hat"),
        ("戴着红色围巾的三只小狗", "three puppies wearing red scarf"),
        ("桌子上的猫", "cat on table"),
        ("在月亮上睡觉的猫", "cat on moon sleeping"),
        ("一只猫在草地上奔跑", "a cat on meadow running"),
        ("一头大象", "an elephant"),
        ("两只兔子和一条龙", "two rabbits and a dragon"),
        ("十二朵玫瑰", "twelve roses"),
        ("一群飞翔的鸽子", "a group of flying pigeons"),
        ("两杯咖啡", "two cups of coffee"),
        ("许多蝴蝶", "many butterflies"),
        ("三只猫和狗", "three cats and dog"),
        ("三只小狗追蝴蝶", "three puppies chasing butterflies"),
        ("一只正在弹钢琴的猫头鹰", "an owl playing piano"),
        ("一座被森林包围的古老城堡", "an ancient castle surrounded by forest"),
        ("红色的苹果放在木桌上", "red apple placed on wooden table"),
        ("飞在天上的鲸鱼", "whale flying in the sky"),
        ("雨后的森林里长满了蘑菇", "after the rain in forest overgrown with mushroom"),
        ("三明治、四叶草", "sandwich, four-leaf clover"),
        ("可愛的貓頭鷹", "cute owl"),
        ("雪山下的木屋", "wooden cabin under snowy mountain"),
        ("一杯咖啡", "a cup of coffee"),
        ("赛博朋克城市夜景", "cyberpunk city at night"),
        ("穿T恤的机器人", "robot wearing t-shirt"),
        ("cute 小猫 logo", "cute kitten logo"),
        ("3D小猫2024", "3D kitten 2024"),
        ("小猫logo", "kitten logo"),
        ("(小猫:1.2)和[小狗]", "(kitten:1.2) and [puppy]"),
        ("{猫|狗}在__动物__旁边", "{cat|dog} at __动物__ beside"),
        ("a cat, happy", "a cat, happy"),
        ("画一只小猫", "kitten"),
        ("正在跑步的小男孩", "running boy"),
        ("3只猫", "three cats"),
        ("", ""),
    ] {
        let found = translate(chinese).english;
        if found != english {
            wrong.push(format!("{chinese}: {found:?}, expected {english:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_not_known_is_said_and_stays() {
    let result = translate("一只犇骉的猫，犇骉");
    assert_eq!(result.english, "a 犇骉 cat, 犇骉");
    assert_eq!(result.untranslated, ["犇骉"]);
}

#[test]
fn own_words_count_at_least_seven_hundred_and_are_used() {
    let own = include_str!("../../data/own-words.txt");
    let entries: Vec<&str> = own
        .lines()
        .filter(|line| !line.starts_with('#'))
        .flat_map(str::split_whitespace)
        .filter(|word| word.contains('='))
        .collect();
    assert!(entries.len() >= 700, "{}", entries.len());
    for entry in entries {
        let (keys, _) = entry.split_once('=').unwrap();
        for key in keys.split(',') {
            assert!(word(key).is_some(), "{key} is in own-words.txt, not in lexicon.tsv: run data/lexicon.py");
        }
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(any in "(?s).{0,60}", chinese in "[一二两三十百只个的在上里戴猫狗飞，。：（）a1T:()\\[\\]_<> ]{0,40}") {
        for text in [any, chinese] {
            let result = translate(&text);
            prop_assert!(result.untranslated.iter().all(|word| result.english.contains(word.as_str())));
        }
    }

    #[test]
    fn english_stays(text in "[ -~]{0,60}") {
        prop_assert_eq!(translate(&text).english, text);
    }
}
