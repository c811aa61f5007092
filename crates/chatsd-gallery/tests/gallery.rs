//! The gallery as its users see it: kept, listed, found, taken out, removed, recovered.

mod common;

use std::{fs, path::PathBuf, slice::from_ref};

use chatsd_gallery::{
    Enlarge, Gallery, GalleryError, Metadata, SheetLayout, encode_png, read_image, read_metadata, read_request,
    source_name,
};
use chatsd_types::{Control, Image, ImagePrompt, Mask, Preprocessor, Request, Size};
use common::{assert_whole, idea, new_entry, noise};
use proptest::prelude::*;

const LAYOUT: SheetLayout = SheetLayout { columns: 2, enlarge: Enlarge::Nearest(2), gap: 1, background: [255; 3] };

fn gallery() -> (tempfile::TempDir, Gallery) {
    let folder = tempfile::tempdir().unwrap();
    let gallery = Gallery::open(folder.path().join("images")).unwrap();
    (folder, gallery)
}

#[test]
fn a_sheet_is_kept() {
    let (_folder, gallery) = gallery();
    let sheet = gallery.begin_sheet(&idea("logo of cat, cute, happy, smile")).unwrap();
    assert!(sheet.id.ends_with("-logo-of-cat-cute"), "{}", sheet.id);
    for number in [2, 1, 3] {
        let entry = gallery.add(&sheet.id, new_entry(number, "a cat")).unwrap();
        assert_eq!(entry.path, PathBuf::from(format!("{}/{number}-flat-icon.png", sheet.id)));
        assert_eq!((entry.duration_ms, entry.parents.as_slice()), (1234, ["00ff".to_owned()].as_slice()));
        assert_eq!(entry.request, read_request(&gallery.path(&entry)).unwrap());
        assert_eq!(read_image(&gallery.path(&entry)).unwrap(), new_entry(number, "").image);
        assert!(entry.created.ends_with('Z'), "{}", entry.created);
    }
    let path = gallery.finish_sheet(&sheet.id, &LAYOUT).unwrap();
    assert_eq!(path, gallery.sheet_folder(&sheet).join("sheet.png"));
    assert_eq!(read_image(&path).unwrap().size, Size { width: 67, height: 35 });
    let (found, entries) = gallery.sheet(&sheet.id).unwrap();
    assert!(found.finished && found.idea == idea("logo of cat, cute, happy, smile"));
    assert_eq!(entries.iter().map(|entry| entry.number).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(assert_whole(&gallery), 3);
}

#[test]
fn the_same_request_gives_the_same_file() {
    let (_folder, gallery) = gallery();
    let first = gallery.begin_sheet(&idea("可爱的小猫")).unwrap();
    let second = gallery.begin_sheet(&idea("可爱的小猫")).unwrap();
    assert_ne!(first.id, second.id, "even within one second");
    let [one, two] = [first, second].map(|sheet| gallery.add(&sheet.id, new_entry(1, "小猫")).unwrap());
    assert_eq!(one.sha256, two.sha256);
    assert_ne!(one.id, two.id);
    assert_eq!(gallery.find(&one.sha256).unwrap(), two, "the newest of the same");
}

#[test]
fn entries_are_found_as_people_name_them() {
    let (_folder, gallery) = gallery();
    assert!(matches!(gallery.find("1"), Err(GalleryError::UnknownEntry { last: 0, .. })));
    let old = gallery.begin_sheet(&idea("old")).unwrap();
    let old = gallery.add(&old.id, new_entry(1, "old")).unwrap();
    let last = gallery.begin_sheet(&idea("last")).unwrap();
    let entries: Vec<_> = (1..=9).map(|n| gallery.add(&last.id, new_entry(n, "last")).unwrap()).collect();
    gallery.begin_sheet(&idea("nothing on it yet")).unwrap();
    assert_eq!(gallery.find(" 3 ").unwrap(), entries[2]);
    assert_eq!(gallery.find(&old.id).unwrap(), old);
    assert_eq!(gallery.show(&old.id).unwrap(), old);
    assert_eq!(gallery.find(&old.id[..8].to_uppercase()).unwrap(), old);
    for wanted in ["10", "0", "", "zzzz", "*", "ffff*", "' OR 1", "00000000"] {
        let error = gallery.find(wanted).unwrap_err();
        assert!(matches!(error, GalleryError::UnknownEntry { last: 9, .. }), "{wanted}: {error}");
    }
    assert_eq!(gallery.list(4).unwrap().len(), 4);
    let pages: Vec<_> = (1..=4).flat_map(|page| gallery.page(3, page).unwrap()).collect();
    assert_eq!(pages, gallery.list(usize::MAX).unwrap());
    assert_eq!((pages.len(), &pages[0], &pages[9]), (10, &entries[8], &old));
}

#[test]
fn words_of_both_languages_are_searched() {
    let (_folder, gallery) = gallery();
    let sheet = gallery.begin_sheet(&idea("可爱的小猫标志,开心,微笑")).unwrap();
    let mut entry = new_entry(1, "a Logo of cat, happy");
    entry.request.prompt.negative = "dog".into();
    let cat = gallery.add(&sheet.id, entry).unwrap();
    let other = gallery.begin_sheet(&idea("a dog 🐶")).unwrap();
    let dog = gallery.add(&other.id, new_entry(1, "a dog")).unwrap();
    for text in ["logo", "LOG", "猫", "小猫", "小猫标志", "开心 happy", "爱的小", "cat logo"] {
        assert_eq!(gallery.search(text, 9).unwrap(), from_ref(&cat), "{text}");
    }
    assert_eq!(gallery.search("dog", 9).unwrap(), from_ref(&dog), "what must not be seen is not found");
    assert_eq!(gallery.search("🐶", 9).unwrap(), from_ref(&dog));
    assert_eq!(gallery.search("icon", 9).unwrap(), [dog, cat], "newest first");
    for text in ["猫小", "ogo", "cat dog", "", "!?"] {
        assert_eq!(gallery.search(text, 9).unwrap(), [], "{text}");
    }
    assert_eq!(gallery.search("icon", 1).unwrap().len(), 1);
}

#[test]
fn copies_are_exact_or_silent() {
    let (folder, gallery) = gallery();
    let sheet = gallery.begin_sheet(&idea("secret words")).unwrap();
    let entry = gallery.add(&sheet.id, new_entry(1, "secret words 小猫")).unwrap();
    let to = folder.path().join("out/there");
    let exact = gallery.export(&entry.id, &to, false).unwrap();
    let again = gallery.export(&entry.id, &to, false).unwrap();
    assert_ne!(exact, again, "nothing is overwritten");
    assert_eq!(fs::read(&exact).unwrap(), fs::read(gallery.path(&entry)).unwrap());
    assert!(matches!(read_metadata(&exact).unwrap(), Metadata::Own(origin) if origin.request == entry.request));
    let silent = gallery.export(&entry.id, &to, true).unwrap();
    assert_eq!(read_image(&silent).unwrap(), read_image(&exact).unwrap());
    assert!(matches!(read_metadata(&silent), Err(GalleryError::NoMetadata { .. })));
    let bytes = fs::read(&silent).unwrap();
    for kind in [b"tEXt", b"iTXt", b"zTXt"] {
        assert!(!bytes.windows(4).any(|window| window == kind));
    }
    assert!(!silent.file_name().unwrap().to_string_lossy().contains("secret"));
    fs::remove_file(gallery.path(&entry)).unwrap();
    assert!(matches!(gallery.export(&entry.id, &to, true), Err(GalleryError::MissingFile { .. })));
}

#[test]
fn what_is_removed_is_gone() {
    let (_folder, gallery) = gallery();
    let source = noise(Size { width: 3, height: 2 }, 5);
    let kept = gallery.keep_source(&source).unwrap();
    let sheet = gallery.begin_sheet(&idea("two")).unwrap();
    let [one, two] = [1, 2].map(|number| {
        let mut new = new_entry(number, "two");
        new.request.init = Some(kept.clone());
        gallery.add(&sheet.id, new).unwrap()
    });
    gallery.finish_sheet(&sheet.id, &LAYOUT).unwrap();
    fs::write(gallery.path(&one).with_extension("svg"), "<svg/>").unwrap();
    gallery.remove(&one.id).unwrap();
    assert!(!gallery.path(&one).exists() && !gallery.path(&one).with_extension("svg").exists());
    assert!(matches!(gallery.show(&one.id), Err(GalleryError::UnknownEntry { .. })));
    assert!(matches!(gallery.remove(&one.id), Err(GalleryError::UnknownEntry { .. })));
    assert_eq!(gallery.search("two", 9).unwrap(), from_ref(&two));
    assert_eq!(gallery.source(&kept).unwrap(), source, "still needed");
    gallery.remove(&two.id).unwrap();
    assert!(!gallery.sheet_folder(&sheet).exists());
    assert!(matches!(gallery.sheet(&sheet.id), Err(GalleryError::UnknownSheet { .. })));
    assert!(matches!(gallery.source(&kept), Err(GalleryError::MissingSource { .. })));
    assert_eq!(gallery.search("two", 9).unwrap(), []);
}

/// Whatever a request names a picture for: it stays while an entry needs it, and goes with the last.
#[test]
fn shared_sources_go_with_the_last_entry_that_needs_them() {
    type Names = fn(&mut Request, String);
    let roles: [(&str, Names); 4] = [
        ("init", |request, image| request.init = Some(image)),
        ("mask", |request, image| request.mask = Some(image)),
        ("control", |request, image| {
            let (name, hash, preprocessor) = ("c".into(), String::new(), Preprocessor::None);
            request.controls.push(Control { name, hash, image, preprocessor, weight: 1.0, start: 0.0, end: 1.0 });
        }),
        ("image prompt", |request, image| {
            let (name, hash) = ("p".into(), String::new());
            request.image_prompts.push(ImagePrompt { name, hash, image, weight: 1.0 });
        }),
    ];
    let (_folder, gallery) = gallery();
    for (seed, (role, names)) in (1..).zip(roles) {
        let sheet = gallery.begin_sheet(&idea("shared")).unwrap();
        let source = gallery.keep_source(&noise(Size { width: 3, height: 2 }, seed)).unwrap();
        let [one, two] = [1, 2].map(|place| {
            let mut new = new_entry(place, role);
            names(&mut new.request, source.clone());
            gallery.add(&sheet.id, new).unwrap()
        });
        gallery.remove(&one.id).unwrap();
        assert!(gallery.source(&source).is_ok(), "{role}: still needed");
        gallery.remove(&two.id).unwrap();
        assert!(matches!(gallery.source(&source), Err(GalleryError::MissingSource { .. })), "{role}: needed no more");
    }
}

/// One entry starts from the picture that another follows.
#[test]
fn a_source_in_two_roles_is_kept_for_both() {
    let (_folder, gallery) = gallery();
    let sheet = gallery.begin_sheet(&idea("two roles")).unwrap();
    let source = gallery.keep_source(&noise(Size { width: 3, height: 2 }, 5)).unwrap();
    let [mut first, mut second] = [1, 2].map(|number| new_entry(number, "two roles"));
    first.request.init = Some(source.clone());
    let (name, hash, image) = ("p".into(), String::new(), source.clone());
    second.request.image_prompts.push(ImagePrompt { name, hash, image, weight: 1.0 });
    let [first, second] = [first, second].map(|new| gallery.add(&sheet.id, new).unwrap());
    gallery.remove(&first.id).unwrap();
    assert!(gallery.source(&source).is_ok(), "still needed");
    gallery.remove(&second.id).unwrap();
    assert!(gallery.source(&source).is_err());
}

#[test]
fn a_mask_is_kept_as_it_is() {
    let (_folder, gallery) = gallery();
    let mask = Mask { size: Size { width: 16, height: 16 }, coverage: (0..=255).collect() };
    let name = gallery.keep_source(&mask.to_image()).unwrap();
    assert_eq!(name, source_name(&mask.to_image()), "its name is known before it is kept");
    assert_eq!(Mask::from_image(&gallery.source(&name).unwrap()), mask);
}

#[test]
fn sources_are_kept_once_and_checked() {
    let (_folder, gallery) = gallery();
    let image = noise(Size { width: 3, height: 2 }, 5);
    let name = gallery.keep_source(&image).unwrap();
    assert_eq!(gallery.keep_source(&image).unwrap(), name);
    assert_eq!(fs::read_dir(gallery.folder().join("sources")).unwrap().count(), 1);
    for wanted in ["../gallery.db", "", &name[1..], &name.to_uppercase(), &"0".repeat(64)] {
        assert!(matches!(gallery.source(wanted), Err(GalleryError::MissingSource { .. })), "{wanted}");
    }
    let path = gallery.folder().join("sources").join(format!("{name}.png"));
    fs::write(&path, encode_png(&Image::filled(image.size, [0; 3]), None).unwrap()).unwrap();
    assert!(matches!(gallery.source(&name), Err(GalleryError::DamagedSource { .. })));
    fs::write(&path, "").unwrap();
    assert!(matches!(gallery.source(&name), Err(GalleryError::NotPng { .. })));
    gallery.keep_source(&image).unwrap();
    assert_eq!(gallery.source(&name).unwrap(), image, "given again, it is mended");
}

#[test]
fn records_are_made_anew_from_the_pictures() {
    let (_folder, gallery) = gallery();
    let sheet = gallery.begin_sheet(&idea("a cat")).unwrap();
    let entries: Vec<_> = (1..=3).map(|n| gallery.add(&sheet.id, new_entry(n, "a cat")).unwrap()).collect();
    gallery.finish_sheet(&sheet.id, &LAYOUT).unwrap();
    let folder = gallery.folder().to_owned();
    drop(gallery);
    for name in ["gallery.db", "gallery.db-wal", "gallery.db-shm"] {
        let _ = fs::remove_file(folder.join(name));
    }
    let stranger = folder.join(&sheet.id).join("4-holiday.png");
    fs::write(&stranger, encode_png(&noise(Size { width: 2, height: 2 }, 1), None).unwrap()).unwrap();
    let half = fs::read(folder.join(&entries[0].path)).unwrap();
    fs::write(folder.join(&sheet.id).join("5-half.png"), &half[..half.len() / 2]).unwrap();
    fs::create_dir(folder.join("my own folder")).unwrap();
    fs::create_dir(folder.join("sources")).unwrap();
    for of in [&sheet.id, "sources"] {
        fs::write(folder.join(of).join(".9-x.png.1-0.part"), "").unwrap();
    }

    let gallery = Gallery::open(&folder).unwrap();
    let recovered = gallery.recovered();
    assert_eq!(recovered.adopted.len(), 3);
    let foreign = recovered.foreign.as_slice();
    assert!(
        matches!(
            foreign,
            [GalleryError::NoMetadata { path: plain }, GalleryError::Truncated { path: half, .. }]
                if *plain == stranger && half.ends_with("5-half.png")
        ),
        "{foreign:?}"
    );
    assert_eq!(recovered.swept, 2, "half-written files");
    for old in &entries {
        let new = gallery.show(&old.id).unwrap();
        assert_eq!((&new.request, &new.parents, &new.sha256), (&old.request, &old.parents, &old.sha256));
    }
    let found = gallery.sheet(&sheet.id).unwrap().0;
    assert_eq!((found.sentence.as_str(), found.finished), ("a cat", true), "its sheet.png is there");
    assert_eq!(gallery.search("cat", 9).unwrap().len(), 3);
    assert!(stranger.exists());

    fs::remove_file(gallery.path(&entries[1])).unwrap();
    let recovery = gallery.recover().unwrap();
    assert_eq!((recovery.adopted.len(), recovery.missing.len()), (0, 1));
    assert_eq!(recovery.missing[0].id, entries[1].id);
    gallery.remove(&entries[1].id).unwrap();
    assert_eq!(gallery.recover().unwrap().missing, []);
}

#[test]
fn wrong_calls_are_named() {
    let (_folder, gallery) = gallery();
    let sheet = gallery.begin_sheet(&idea("")).unwrap();
    gallery.add(&sheet.id, new_entry(1, "")).unwrap();
    assert!(matches!(gallery.add(&sheet.id, new_entry(1, "")), Err(GalleryError::NumberTaken { .. })));
    assert!(matches!(gallery.add("../elsewhere", new_entry(2, "")), Err(GalleryError::UnknownSheet { .. })));
    let mut broken = new_entry(2, "");
    broken.image.rgb.pop();
    assert!(matches!(gallery.add(&sheet.id, broken), Err(GalleryError::InvalidImage { .. })));
    let empty = gallery.begin_sheet(&idea("stopped at once")).unwrap();
    gallery.abandon_sheet(&empty.id).unwrap();
    assert!(!gallery.sheet_folder(&empty).exists());
    gallery.abandon_sheet(&sheet.id).unwrap();
    assert_eq!(assert_whole(&gallery), 1, "a sheet with entries stays");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_question_has_an_answer(text in any::<String>(), hostile in "[\"*():^+{} a-c\\-ANDORNEAR小猫'\\\\;]{0,30}") {
        thread_local! { static GALLERY: (tempfile::TempDir, Gallery) = gallery(); }
        GALLERY.with(|(_, gallery)| {
            for question in [&text, &hostile] {
                gallery.search(question, 9).unwrap();
                let found = gallery.find(question);
                assert!(matches!(found, Err(GalleryError::UnknownEntry { .. })));
            }
        });
    }

    #[test]
    fn what_is_kept_is_found_by_its_own_words(text in "[a-z小猫可爱é]{1,6}( [A-Z小猫]{1,5}){0,3}") {
        let (_folder, gallery) = gallery();
        let sheet = gallery.begin_sheet(&idea(&text)).unwrap();
        gallery.add(&sheet.id, new_entry(1, "")).unwrap();
        prop_assert_eq!(gallery.search(&text, 9).unwrap().len(), 1);
    }
}
