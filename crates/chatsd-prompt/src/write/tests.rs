use std::{collections::HashSet, time::Instant};

use super::*;
use crate::{Needs, SyntaxProblem, understand};

/// Counts words as tokens; a chunk of 75, as CLIP has.
fn count_words(text: &str) -> TokenCount {
    TokenCount { tokens: text.split_whitespace().count(), chunk: 75 }
}

fn library() -> &'static StyleLibrary {
    StyleLibrary::builtin()
}

fn options(family: &str, count: usize, seed: u64) -> WriteOptions<'static> {
    WriteOptions { count, seed, family: family.into(), ..WriteOptions::default() }
}

fn written(sentence: &str, options: &WriteOptions<'_>) -> Vec<Written> {
    let idea = understand(sentence, library()).unwrap_or_else(|error| panic!("{sentence}: {error}"));
    write(&idea, options, library(), &count_words).unwrap_or_else(|error| panic!("{sentence}: {error}"))
}

fn positives(written: &[Written]) -> Vec<&str> {
    written.iter().map(|written| written.prompt.positive.as_str()).collect()
}

#[test]
fn the_built_in_model_gets_its_nine_styles_and_nothing_more() {
    let nine = written("logo of cat, cute, happy, smile", &options("pocket", 9, 7));
    let expected: HashSet<String> =
        library().usable("pocket").map(|style| style.frame("logo of cat, cute, happy, smile")).collect();
    assert_eq!(positives(&nine).into_iter().map(str::to_owned).collect::<HashSet<_>>(), expected);
    for one in &nine {
        assert_eq!(one.prompt.positive, format!("{}, {}", one.prompt.own, one.prompt.added));
        assert!(one.prompt.negative.is_empty() && one.notes.is_empty(), "{one:?}");
    }
}

#[test]
fn more_than_nine_for_the_built_in_model_differ_in_colour() {
    let many = written("a cat", &options("pocket", 50, 3));
    let lines = many.iter().filter(|one| one.prompt.style == "line-icon").count();
    let different: HashSet<&str> = positives(&many).into_iter().collect();
    // Line icons are black and white: only those repeat.
    assert_eq!(different.len(), many.len() - lines + 1);
    let named = written("a blue cat", &options("pocket", 18, 3));
    assert!(named.iter().all(|one| one.prompt.positive.matches(',').count() == 1));
}

#[test]
fn general_models_get_styles_of_different_families_then_palette_composition_and_mood() {
    for seed in 0..50 {
        let nine = written("a cat in a garden", &options("sdxl", 9, seed));
        let family = |one: &Written| library().find(&one.prompt.style).map(|style| style.family.clone());
        let families: HashSet<_> = nine.iter().map(family).collect();
        assert_eq!(families.len(), 9, "seed {seed}");
        assert!(nine.iter().all(|one| library().find(&one.prompt.style).unwrap().needs == Needs::Sd));
    }
    let many = written("a cat in a garden", &options("sd1", 500, 1));
    assert_eq!(positives(&many).into_iter().collect::<HashSet<_>>().len(), 500);
    let every = written("a cat", &WriteOptions { all_styles: true, ..options("sd1", 9, 1) });
    assert_eq!(every.iter().map(|one| &one.prompt.style).collect::<HashSet<_>>().len(), library().styles().len());
}

#[test]
fn seeds_decide() {
    for family in ["pocket", "sd1"] {
        let again = |seed| written("{red|green|blue} fox", &options(family, 9, seed));
        assert_eq!(again(5), again(5));
        assert_ne!(again(5), again(6));
    }
}

#[test]
fn styles_asked_for_are_used() {
    let flat = written("a cat in flat style", &options("pocket", 3, 1));
    assert_eq!(positives(&flat)[0], "a cat, flat style");
    assert!(flat.iter().all(|one| one.prompt.style == "flat" && one.prompt.own == "a cat"));
    assert_eq!(positives(&flat).into_iter().collect::<HashSet<_>>().len(), 3);

    let wish = written("像素风的小猫", &options("pocket", 9, 1));
    assert_eq!(wish.iter().map(|one| &one.prompt.style).collect::<HashSet<_>>().len(), 9);
    let note = |style: &str, instead: Option<&str>| Note::StyleNotForModel {
        style: style.into(),
        family: "pocket".into(),
        instead: instead.map(str::to_owned),
    };
    assert!(wish.iter().all(|one| one.notes.contains(&note("pixel-art", None))));
    let near = written("卡通风格的小猫", &options("pocket", 2, 1));
    assert!(near.iter().all(|one| one.prompt.style == "soft-cartoon"));
    assert!(near.iter().all(|one| one.notes.contains(&note("saturday-cartoon", Some("soft-cartoon")))));

    let two = WriteOptions { styles: vec!["Oil painting".into(), "水彩".into()], ..options("sd2", 4, 1) };
    let styles: Vec<String> = written("a cat", &two).into_iter().map(|one| one.prompt.style).collect();
    assert_eq!(styles, ["oil-painting", "watercolor", "oil-painting", "watercolor"]);

    let idea = understand("a cat", library()).unwrap();
    let order = |name: &str| WriteOptions { styles: vec![name.into()], ..WriteOptions::default() };
    let error = write(&idea, &order("watercolor"), library(), &count_words).unwrap_err().to_string();
    assert!(error.contains("watercolor") && error.contains("pocket") && error.contains("kawaii-sticker"), "{error}");
    let error = write(&idea, &order("flatt"), library(), &count_words).unwrap_err().to_string();
    assert!(error.contains("flatt") && error.contains("flat"), "{error}");
}

#[test]
fn imported_styles_come_after_those_the_model_was_trained_on() {
    let mut library = library().clone();
    library.import_csv("name,prompt,negative_prompt\nMine,\"{prompt}, my way\",\n").unwrap();
    let idea = understand("a cat", &library).unwrap();
    let ten = write(&idea, &options("pocket", 10, 1), &library, &count_words).unwrap();
    assert_eq!(ten[9].prompt.positive, "a cat, my way");
}

#[test]
fn what_must_not_be_seen_is_negative() {
    let options = WriteOptions { negative: "blurry, frame".into(), ..options("sd1", 9, 1) };
    for one in written("一条街,不要文字", &options) {
        assert!(one.prompt.negative.starts_with("blurry, frame, text"), "{}", one.prompt.negative);
        assert_eq!(one.prompt.negative.matches("blurry").count(), 1, "{}", one.prompt.negative);
        assert!(!one.prompt.positive.contains("text,"));
    }
    let all = WriteOptions { all_styles: true, ..self::options("sd1", 9, 1) };
    for one in written("a blue cat, photograph", &all) {
        assert!(!one.prompt.negative.split(", ").any(|phrase| phrase == "blue" || phrase == "photograph"));
    }
    assert_eq!(written("a cat, no hat", &WriteOptions::default())[0].prompt.negative, "hat");
    let chinese = WriteOptions { negative: "文字，犇骉".into(), ..WriteOptions::default() };
    let one = &written("a cat, 不要魑魅", &chinese)[0];
    assert_eq!(one.prompt.negative, "text, 犇骉, 魑魅");
    let words = |word: &str| Note::Untranslated { words: vec![word.into()] };
    assert_eq!(one.notes, [words("魑魅"), words("犇骉")]);
}

#[test]
fn choices_are_played_out_in_every_prompt() {
    let wildcards = |name: &str| (name == "place").then(|| vec!["in Rome".into(), "海边".into()]);
    let options = WriteOptions { wildcards: &wildcards, ..options("pocket", 9, 1) };
    let nine = written("{cat|狗} __place__", &options);
    let subjects: HashSet<&str> = nine.iter().map(|one| one.prompt.subject.as_str()).collect();
    assert!(subjects.len() > 1 && subjects.iter().all(|subject| !subject.contains(['{', '_'])), "{subjects:?}");
    assert!(subjects.contains("dog beach"), "{subjects:?}");
    assert!(nine.iter().all(|one| one.prompt.own == "{cat|狗} __place__"));
    let idea = understand("a __nowhere__", library()).unwrap();
    let error = write(&idea, &options, library(), &count_words).unwrap_err();
    assert!(error.to_string().contains("column 3") && error.to_string().contains("nowhere.txt"), "{error}");
}

#[test]
fn weights_that_are_none_are_found_before_painting() {
    let wildcards = |_: &str| Some(vec!["(cat:1.2.3)".to_owned()]);
    let by_wildcard = WriteOptions { wildcards: &wildcards, ..WriteOptions::default() };
    let by_negative = WriteOptions { negative: "(hat:..)".into(), ..WriteOptions::default() };
    for (sentence, options) in [("a __cat__", by_wildcard), ("a cat", by_negative)] {
        let idea = understand(sentence, library()).unwrap();
        let error = write(&idea, &options, library(), &count_words).unwrap_err();
        assert!(
            matches!(&error, PromptError::Syntax(error) if matches!(error.problem, SyntaxProblem::NoWeight { .. })),
            "{error}"
        );
    }
}

#[test]
fn long_sentences_are_kept_whole_and_said() {
    let long = vec!["cat"; 120].join(" ");
    for family in ["pocket", "sd1"] {
        for one in written(&long, &options(family, 9, 1)) {
            assert!(one.prompt.positive.contains(&long));
            assert!(one.notes.contains(&Note::LongSentence { tokens: 120, room: 75 }), "{:?}", one.notes);
            assert!(one.tokens.tokens <= 150);
        }
    }
    let tight = vec!["cat"; 73].join(" ");
    for one in written(&tight, &options("sd1", 9, 1)) {
        assert!(one.prompt.positive.contains(&tight) && one.tokens.tokens <= 75);
        assert!(matches!(one.notes[..], [Note::LeftOut { .. }]), "{:?}", one.notes);
    }
}

#[test]
fn what_was_not_understood_is_said() {
    let one = &written("a\u{7}犇骉", &options("pocket", 1, 1))[0];
    let expected = [Note::ControlCharacters { count: 1 }, Note::Untranslated { words: vec!["犇骉".into()] }];
    assert_eq!(one.notes, expected);
    assert!(one.notes.iter().all(|note| !note.to_string().is_empty()));
}

#[test]
fn an_empty_library_and_no_prompts_are_no_trouble() {
    let idea = understand("a cat", library()).unwrap();
    let error = write(&idea, &options("sd1", 9, 1), &StyleLibrary::default(), &count_words).unwrap_err();
    assert!(matches!(error, PromptError::NoStyle { styles: 0, .. }));
    assert!(written("a cat", &options("sd1", 0, 1)).is_empty());
}

/// 500 sentences a language, put together from lists by a fixed seed. Returns the sentence, and the words that must
/// be found in the positive text in this order.
fn sentences(chinese: bool) -> Vec<(String, Vec<String>)> {
    let lists: [&str; 5] = if chinese {
        [
            "可爱的 巨大的 小小的 古老的 神秘的 蓝色的 红色的 毛茸茸的 开心的 透明的",
            "小猫 狐狸 机器人 城堡 火箭 熊猫 向日葵 蛋糕 龙 企鹅 帆船 蝴蝶 吉他 灯塔 蘑菇",
            "标志 图标 贴纸 海报 插画",
            "开心 微笑 星空 森林 雪山 樱花 月亮 彩虹 霓虹 阳光",
            "细节丰富 手绘 渐变 对称 居中 梦幻 温馨 简约",
        ]
    } else {
        [
            "cute giant tiny ancient mysterious blue red fluffy happy transparent",
            "kitten fox robot castle rocket panda sunflower cake dragon penguin sailboat butterfly guitar lighthouse",
            "logo icon sticker poster drawing",
            "smiling starry forest mountain blossom moon rainbow neon sunlight (glowing:1.2) [misty]",
            "detailed hand-drawn gradient symmetrical dreamy cozy simple don't",
        ]
    };
    let lists = lists.map(|list| list.split(' ').collect::<Vec<_>>());
    let mut random = Random::new(2026);
    let build = |_| {
        let [quality, thing, form, scene, finish] =
            [0, 1, 2, 3, 4].map(|list| lists[list][random.below(lists[list].len())]);
        let shape = random.below(4);
        if chinese {
            let (sentence, words) = match shape {
                0 => (format!("{quality}{thing}{form}，{scene}，{finish}"), vec![quality, thing, form, scene, finish]),
                1 => (format!("{quality}{thing},{scene}"), vec![quality, thing, scene]),
                2 => (format!("{scene}和{quality}{thing}、{finish}"), vec![scene, quality, thing, finish]),
                _ => (format!("{thing}{form} {finish}"), vec![thing, form, finish]),
            };
            let english = words.iter().map(|zh| lexicon::translate(zh).english).collect();
            (sentence, english)
        } else {
            let sentence = match shape {
                0 => format!("{form} of {quality} {thing}, {scene}, {finish}"),
                1 => format!("a {quality} {thing} with  {scene}"),
                2 => format!("the {thing}; {scene} and {finish}!"),
                _ => format!("{quality} {thing} {form} {finish}"),
            };
            let words = sentence.split_whitespace().map(str::to_owned).collect();
            (sentence, words)
        }
    };
    (0..500).map(build).collect()
}

#[test]
fn words_are_kept_in_order_in_a_thousand_sentences() {
    let mut prompts = 0;
    for (sentence, words) in sentences(true).into_iter().chain(sentences(false)) {
        for family in ["pocket", "sd1"] {
            let nine = written(&sentence, &options(family, 9, prompts));
            assert_eq!(nine, written(&sentence, &options(family, 9, prompts)), "{sentence}");
            assert_eq!(nine.iter().map(|one| &one.prompt.style).collect::<HashSet<_>>().len(), 9, "{sentence}");
            assert_eq!(positives(&nine).into_iter().collect::<HashSet<_>>().len(), 9, "{sentence}");
            for one in nine {
                prompts += 1;
                assert_eq!(one.prompt.own, sentence);
                assert!(one.prompt.positive.contains(&one.prompt.subject));
                let mut rest = one.prompt.positive.as_str();
                for word in &words {
                    let at = rest.find(word.as_str());
                    let at = at.unwrap_or_else(|| panic!("{word} of {sentence} is not in {}", one.prompt.positive));
                    rest = &rest[at + word.len()..];
                }
            }
        }
    }
    assert_eq!(prompts, 18_000);
}

#[test]
fn writing_takes_a_few_milliseconds() {
    // The first use reads styles and lexicon; tests are not compiled for speed, so the bound is wide.
    let start = Instant::now();
    let nine = written("一只戴帽子的蓝色狐狸，微笑，星空，水彩风格，竖图，不要文字", &options("sd1", 16, 1));
    let took = start.elapsed();
    assert!(nine.len() == 16 && took.as_millis() < 100, "{took:?}");
}

#[test]
fn tags_are_orders_and_not_given_to_the_model_as_words() {
    for one in written("a cat, <lora:x:0.8>, happy <hypernet:y:1>", &options("sd1", 2, 1)) {
        assert_eq!(
            (one.prompt.own.as_str(), one.prompt.subject.as_str()),
            ("a cat, <lora:x:0.8>, happy <hypernet:y:1>", "a cat, happy")
        );
        assert!(!one.prompt.positive.contains("lora"), "{}", one.prompt.positive);
        assert!(one.notes.contains(&Note::Tags { tags: vec!["<hypernet:y:1>".into()] }), "{:?}", one.notes);
    }
    assert!(matches!(understand("<lora:x:0.8>", library()), Err(PromptError::NothingToPaint { .. })));
}
