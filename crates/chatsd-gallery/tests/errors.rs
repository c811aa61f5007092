//! Every error can be made by others, as a front that says it in another language must, and says what was found, what
//! was expected, where, and what to do.

use std::{io, path::PathBuf};

use chatsd_gallery::{FileAction, GalleryError as E, NoGallery, NoPng};
use chatsd_types::Size;

#[test]
fn errors_say_what_where_and_the_way_out() {
    let path = || PathBuf::from("here");
    let json = || serde_json::from_str::<u8>("x").unwrap_err();
    let cases = [
        (
            E::ReadOnly { path: path() },
            "here may not be written; choose another output folder or change its permissions",
        ),
        (E::Io { doing: FileAction::Read, path: path(), source: io::Error::other("no") }, "could not read here: no"),
        (
            E::NotAGallery { path: path(), found: NoGallery::Folder },
            "here is a folder, expected the records of a gallery; move it away, and the records are made anew from the pictures",
        ),
        (
            E::Database { path: path(), source: "torn".into() },
            "the records in here cannot be used: torn; if the file is damaged, move it away, and the records are made anew \
             from the pictures",
        ),
        (
            E::DamagedRecord { path: path(), id: "ab".into(), source: json() },
            "the record of ab in here is damaged: expected value at line 1 column 1; `gallery remove ab` removes it",
        ),
        (
            E::AmbiguousEntry { wanted: "a".into(), ids: vec!["ab".into(), "ac".into()] },
            "\"a\" is short for 2 entries, among them ab, ac; give more digits",
        ),
        (
            E::InvalidImage { size: Size { width: 2, height: 1 }, found: 3, expected: 6 },
            "a picture of 2x1 with 3 bytes of pixels: expected 6, and at least one pixel",
        ),
        (E::NotPng { path: path(), found: NoPng::Empty }, "here is an empty file, expected a PNG picture"),
        (E::Damaged { path: path(), source: "torn".into() }, "here is a damaged PNG picture: torn; copy it again"),
        (
            E::BadMetadata { path: path(), source: json() },
            "the request in here cannot be read: its text `chatsd` is not the request of a picture: expected value at line \
             1 column 1; if a newer program made it, use that",
        ),
        (
            E::Unwritable,
            "this request cannot be written down: it would read back as another one; expected finite numbers only",
        ),
        (E::Unpackable { source: "torn".into() }, "the picture cannot be packed as PNG: torn"),
    ];
    for (error, expected) in cases {
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn what_stands_in_the_place_is_named() {
    for (found, expected) in [
        (NoPng::Folder, "a folder"),
        (NoPng::Picture { format: "JPEG" }, "a JPEG picture"),
        (NoPng::Picture { format: "AVIF" }, "an AVIF picture"),
        (NoPng::Unknown { first: vec![0x68, 0x0a] }, "an unknown kind of file (it begins with the bytes 68 0a)"),
    ] {
        assert_eq!(found.to_string(), expected);
    }
    let actions = [FileAction::Read, FileAction::Write, FileAction::Create, FileAction::Remove];
    assert_eq!(actions.map(|action| action.to_string()), ["read", "write", "create", "remove"]);
    assert_eq!(NoGallery::NoDatabase.to_string(), "no SQLite database, or a damaged one");
    assert_eq!(NoGallery::OtherDatabase.to_string(), "a database of another program");
}
