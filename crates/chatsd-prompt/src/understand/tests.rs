use chatsd_types::{AspectRatio, Size};
use proptest::prelude::*;

use super::*;

fn idea(sentence: &str) -> Idea {
    understand(sentence, StyleLibrary::builtin()).unwrap_or_else(|error| panic!("{sentence}: {error}"))
}

#[test]
fn plain_sentences_stay_as_they_are() {
    for sentence in [
        "logo of cat, cute, happy, smile",
        "three cats",
        "two paintings on a wall",
        "wide eyes, a square table",
        "a portrait of a woman at 10:30",
        "a 4x4 truck, No. 5",
        "a cat :) and (more)",
        "no entry sign",
        "a cat -- my best friend",
        "old style car",
        "a penguin in ice",
        "中国风景",
        "a shop called No Name",
        "{cat|no dog}, __flat_style__, <lora:x:1>",
        "the quick  brown fox",
        "a [cat:dog:0.5] in snow",
        "a [no hat:red hat:5], (happy:1.2)",
        "[3 pictures|no dog], flat",
        "a cat :1.2 AND a dog AND a penguin :2.2",
        "a cat BREAK a [dog::0.3]",
    ] {
        let idea = idea(sentence);
        assert_eq!(idea.subject, sentence);
        assert!(idea.subject_english == take_tags(sentence).0 || idea.language == Language::Chinese);
        let nothing = (None, None, None);
        assert_eq!((idea.count, idea.size, idea.shape), nothing, "{sentence}");
        assert!(idea.excluded.is_empty() && idea.styles.is_empty(), "{idea:?}");
    }
}

#[test]
fn what_changes_is_translated_and_still_changes() {
    for (sentence, english) in [
        ("[猫:狗:0.5]", "[cat:dog:0.5]"),
        ("雪里的[猫|狗]", "in snow [cat|dog]"),
        ("猫 AND 狗:0.5", "cat AND dog:0.5"),
        ("(猫:1.2)，[狗::3]", "(cat:1.2), [dog::3]"),
    ] {
        assert_eq!(idea(sentence).subject_english, english, "{sentence}");
    }
}

#[test]
fn counts_are_taken() {
    for (sentence, count, subject) in [
        ("9 pictures of a cat", 9, "a cat"),
        ("6 images of three cats, happy", 6, "three cats, happy"),
        ("please draw me four pictures of a red fox", 4, "a red fox"),
        ("a dozen images of a boat", 12, "a boat"),
        ("a boat, 5 images", 5, "a boat"),
        ("画六张猫", 6, "猫"),
        ("请帮我画9张可爱的小猫", 9, "可爱的小猫"),
        ("6张图，海边的房子", 6, "海边的房子"),
        ("小狗,来三张", 3, "小狗"),
        ("九宫格的小猫", 9, "小猫"),
        ("生成十二张不同的图片:一条龙", 12, "一条龙"),
        ("六张水彩风格的龙", 6, "龙"),
        ("九张不同风格的小狗", 9, "小狗"),
    ] {
        let idea = idea(sentence);
        assert_eq!((idea.count, idea.subject.as_str()), (Some(count), subject), "{sentence}");
    }
    assert_eq!(idea("三张扁平风格的桌子").count, None);
    for sentence in
        ["三张桌子", "三张不同的桌子", "画三张桌子", "三只猫", "three pictures hanging on a wall", "一幅画旁的猫"]
    {
        assert_eq!(idea(sentence).count, None, "{sentence}");
        assert_eq!(idea(sentence).subject, sentence);
    }
}

#[test]
fn sizes_and_shapes_are_taken() {
    for (sentence, size, shape, subject) in [
        ("a cat 512x768", Some((512, 768)), None, "a cat"),
        ("a cat, 512 × 768 px, happy", Some((512, 768)), None, "a cat, happy"),
        ("小猫，尺寸：512*512", Some((512, 512)), None, "小猫"),
        ("a lake, wide", None, Some(AspectRatio::WIDE), "a lake"),
        ("a wide picture of a lake", None, Some(AspectRatio::WIDE), "a picture of a lake"),
        ("a cat in portrait format", None, Some(AspectRatio::TALL), "a cat"),
        ("mountains, landscape", None, Some(AspectRatio::WIDE), "mountains, landscape"),
        ("square picture, a fox", None, Some(AspectRatio::SQUARE), "a fox"),
        ("a fox, 16:9", None, Some(AspectRatio { across: 16, down: 9 }), "a fox"),
        ("小猫,竖图", None, Some(AspectRatio::TALL), "小猫"),
        ("横版的海边日落", None, Some(AspectRatio::WIDE), "海边日落"),
    ] {
        let idea = idea(sentence);
        let size = size.map(|(width, height)| Size { width, height });
        assert_eq!((idea.size, idea.shape, idea.subject.as_str()), (size, shape, subject), "{sentence}");
    }
}

#[test]
fn what_must_not_be_seen_is_taken() {
    for (sentence, excluded, subject) in [
        ("a street, no people, no cars", "people|cars", "a street"),
        ("a cat without a hat on a red sofa", "hat", "a cat on a red sofa"),
        ("a cat without hat or glasses, happy", "hat|glasses", "a cat, happy"),
        ("a beach with no people and a boat", "people", "a beach and a boat"),
        ("a logo, I don't want text", "text", "a logo"),
        ("a cat. No text.", "text", "a cat."),
        ("a cat (no text), happy", "text", "a cat, happy"),
        ("(a cat:1.2), no text", "text", "(a cat:1.2)"),
        ("小猫，不要文字、水印", "text|watermark", "小猫"),
        ("没有人的街道", "person", "街道"),
        ("a cat, 不要背景", "background", "a cat"),
    ] {
        let idea = idea(sentence);
        assert_eq!((idea.excluded.join("|").as_str(), idea.subject.as_str()), (excluded, subject), "{sentence}");
    }
    assert!(idea("一架无人机").excluded.is_empty());
}

#[test]
fn styles_asked_for_are_taken() {
    for (sentence, styles, subject) in [
        ("a cat in flat style", "flat", "a cat"),
        ("a flat style cat", "flat", "a cat"),
        ("a cat in the style of watercolor, happy", "watercolor", "a cat, happy"),
        ("a cat in pixel art", "pixel-art", "a cat"),
        ("Poster style: a cat", "poster", "a cat"),
        ("a fox as a line icon", "line-icon", "a fox"),
        ("像素风的小猫", "pixel-art", "小猫"),
        ("像素风小猫", "pixel-art", "小猫"),
        ("一间中国风的房子", "ink-wash", "一间房子"),
        ("小猫，水彩风格", "watercolor", "小猫"),
        ("赛博朋克风格，城市", "cyberpunk", "城市"),
        ("cat, 3D风格", "3d", "cat"),
        ("a cat --styles flat,3d style", "flat|3d", "a cat"),
        ("a cat -- 像素风, oil painting", "pixel-art|oil-painting", "a cat"),
        ("a cat, watercolor", "watercolor", "a cat, watercolor"),
        ("a cat in a house", "", "a cat in a house"),
    ] {
        let idea = idea(sentence);
        assert_eq!((idea.styles.join("|").as_str(), idea.subject.as_str()), (styles, subject), "{sentence}");
    }
    let error = understand("a cat --styles watrcolor", StyleLibrary::builtin()).unwrap_err();
    assert!(error.to_string().contains("watercolor"), "{error}");
}

#[test]
fn all_instructions_together() {
    let idea = idea("请画6张戴帽子的蓝色狐狸，水彩风格，竖图，不要文字 --styles flat");
    assert_eq!(idea.subject, "戴帽子的蓝色狐狸");
    assert_eq!(idea.subject_english, "blue fox wearing hat");
    assert_eq!((idea.count, idea.shape, idea.language), (Some(6), Some(AspectRatio::TALL), Language::Chinese));
    assert_eq!((idea.styles, idea.excluded), (vec!["flat".to_owned(), "watercolor".into()], vec!["text".to_owned()]));
}

#[test]
fn hostile_sentences_get_a_reason() {
    let library = StyleLibrary::builtin();
    for empty in ["", "   ", "\n\t\u{0}"] {
        assert_eq!(understand(empty, library), Err(PromptError::Empty));
    }
    let error = understand(&"cat ".repeat(262_144), library).unwrap_err();
    assert_eq!(error, PromptError::TooLong { found: 1_048_576, limit: LENGTH_LIMIT });
    for nothing in ["!!!", "。，", "in flat style", "不要水印", "9 pictures", "--styles flat"] {
        assert!(matches!(understand(nothing, library), Err(PromptError::NothingToPaint { .. })), "{nothing}");
    }
    for (sentence, column) in [("  不要水印，猫 {b", 10), ("no hats, a (猫:1.2.3)", 15), ("3 pictures of a __b", 17)]
    {
        let error = understand(sentence, library).unwrap_err();
        assert!(matches!(&error, PromptError::Syntax(error) if error.column == column), "{sentence}: {error}");
    }
    let odd = idea("a\u{7}cat\n\u{1}on a mat");
    assert_eq!(odd.subject, "a cat  on a mat");
    assert_eq!(idea("🐱").subject, "🐱");
    assert_eq!(idea(&"猫".repeat(LENGTH_LIMIT)).subject.chars().count(), LENGTH_LIMIT);
}

#[test]
fn languages_are_told_apart() {
    for (sentence, language) in [
        ("a cat", Language::English),
        ("小猫", Language::Chinese),
        ("一只可爱的cat", Language::Chinese),
        ("a very happy cat called 咪咪", Language::English),
    ] {
        assert_eq!(idea(sentence).language, language, "{sentence}");
    }
}

proptest! {
    #[test]
    fn no_sentence_makes_it_panic(
        any in "(?s).{0,80}",
        near in "( |,|，|no|without|style|in|the|of|9|pictures|512x|:|不要|张|画|风|的|没有|无|\\{|\\}|__|<|>|--|--styles|猫|flat|wide|'|\u{1}){0,14}",
    ) {
        for sentence in [any, near] {
            if let Ok(idea) = understand(&sentence, StyleLibrary::builtin()) {
                prop_assert!(!idea.subject.trim().is_empty());
                prop_assert!(!idea.subject.contains(char::is_control));
            }
        }
    }
}
