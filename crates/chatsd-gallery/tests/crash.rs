//! The gallery when things go badly: killed, crowded, forbidden, full. Each in a process of its own: this program runs
//! itself, with the name of one of its ignored tests.
#![cfg(unix)]

mod common;

use std::{
    env, fs,
    os::unix::{
        fs::{MetadataExt, PermissionsExt},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use chatsd_gallery::{Gallery, GalleryError};
use chatsd_types::Size;
use common::{assert_whole, idea, new_entry, noise};

const FOLDER: &str = "GALLERY_UNDER_TEST";

/// This program, about to run one of its ignored tests on a folder.
fn child(program: &Path, test: &str, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.args(["--ignored", "--exact", test]).env(FOLDER, folder);
    command
}

fn this_program() -> PathBuf {
    env::current_exe().unwrap()
}

fn folder_under_test() -> PathBuf {
    env::var_os(FOLDER).expect("run by another test").into()
}

#[test]
#[ignore = "run by killed_at_any_moment"]
fn child_adds_without_end() {
    let gallery = Gallery::open(folder_under_test()).unwrap();
    let sheet = gallery.begin_sheet(&idea("a cat")).unwrap();
    for number in 1.. {
        gallery.add(&sheet.id, new_entry(number, "a cat")).unwrap();
    }
}

#[test]
fn killed_at_any_moment() {
    let folder = tempfile::tempdir().unwrap();
    let images = folder.path().join("images");
    let mut entries = 0;
    let mut left_over = 0;
    for round in 0..20_u64 {
        let mut painter = child(&this_program(), "child_adds_without_end", &images).spawn().unwrap();
        // From before the folder exists to some dozens of pictures later.
        thread::sleep(Duration::from_millis(15 + round * 53 % 140));
        painter.kill().unwrap();
        painter.wait().unwrap();
        let gallery = Gallery::open(&images).unwrap();
        let recovered = gallery.recovered();
        left_over += recovered.swept + recovered.adopted.len();
        assert!(recovered.foreign.is_empty(), "{:?}", recovered.foreign);
        let now = assert_whole(&gallery);
        assert!(now >= entries, "kept pictures stay");
        entries = now;
    }
    assert!(entries > 20, "{entries} pictures, {left_over} left over");
}

#[test]
#[ignore = "run by two_programs_at_once"]
fn child_adds_fifty() {
    let gallery = Gallery::open(folder_under_test()).unwrap();
    let sheet = gallery.begin_sheet(&idea("a cat")).unwrap();
    for number in 1..=50 {
        gallery.add(&sheet.id, new_entry(number, "a cat")).unwrap();
    }
}

#[test]
fn two_programs_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let painters = [(); 2].map(|()| child(&this_program(), "child_adds_fifty", folder.path()).spawn().unwrap());
    let begun = Instant::now();
    // A third looks on, and must neither disturb nor see anything half-done.
    while begun.elapsed() < Duration::from_millis(500) {
        let gallery = Gallery::open(folder.path()).unwrap();
        assert!(gallery.list(usize::MAX).unwrap().iter().all(|entry| !entry.missing));
    }
    for mut painter in painters {
        assert!(painter.wait().unwrap().success());
    }
    let gallery = Gallery::open(folder.path()).unwrap();
    assert_eq!(assert_whole(&gallery), 100);
    let entries = gallery.list(usize::MAX).unwrap();
    assert!(entries.iter().all(|entry| entry.duration_ms == 1234), "who painted it knows best");
}

#[test]
#[ignore = "run by a_folder_that_may_not_be_written"]
fn child_may_not_write() {
    let folder = folder_under_test();
    for images in [folder.join("empty"), folder.join("new/images")] {
        let refused = Gallery::open(images);
        assert!(matches!(refused, Err(GalleryError::ReadOnly { .. })), "{:?}", refused.err());
    }
    let gallery = Gallery::open(folder.join("gallery"));
    let refused = gallery.and_then(|gallery| gallery.begin_sheet(&idea("a cat")));
    assert!(matches!(refused, Err(GalleryError::ReadOnly { .. })), "{:?}", refused.err());
}

#[test]
fn a_folder_that_may_not_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let allow = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let [empty, images] = ["empty", "gallery"].map(|name| folder.path().join(name));
    fs::create_dir(&empty).unwrap();
    drop(Gallery::open(&images).unwrap());
    // The root user may write everywhere: it becomes nobody, who must be able to run the program.
    let program = folder.path().join("program");
    fs::copy(this_program(), &program).unwrap();
    let mut painter = child(&program, "child_may_not_write", folder.path());
    if fs::metadata(&program).unwrap().uid() == 0 {
        painter.uid(65534);
    }
    for path in [&empty, &images, folder.path()] {
        allow(path, 0o555);
    }
    let status = painter.status();
    for path in [&empty, &images, folder.path()] {
        allow(path, 0o755);
    }
    assert!(status.unwrap().success());
}

#[test]
#[ignore = "run by a_file_that_may_not_grow"]
fn child_meets_a_limit() {
    let gallery = Gallery::open(folder_under_test()).unwrap();
    let sheet = gallery.begin_sheet(&idea("a cat")).unwrap();
    gallery.add(&sheet.id, new_entry(1, "small")).unwrap();
    let mut large = new_entry(2, "large");
    large.image = noise(Size { width: 1024, height: 512 }, 1);
    let refused = gallery.add(&sheet.id, large);
    assert!(matches!(refused, Err(GalleryError::DiskFull { .. })), "{refused:?}");
    assert_eq!(assert_whole(&gallery), 1);
}

/// The shell's limit on the size of files, with its signal ignored, makes writing fail as a full quota does.
#[test]
fn a_file_that_may_not_grow() {
    let folder = tempfile::tempdir().unwrap();
    let script = "trap '' XFSZ; ulimit -f 1024; exec \"$0\" --ignored --exact child_meets_a_limit";
    let mut painter = Command::new("sh");
    painter.args(["-c", script]).arg(this_program()).env(FOLDER, folder.path());
    assert!(painter.status().unwrap().success());
    assert_eq!(assert_whole(&Gallery::open(folder.path()).unwrap()), 1);
}

/// A real full disk, where this user may mount one.
#[test]
fn a_full_disk() {
    let folder = tempfile::tempdir().unwrap();
    let mount = |options: &str| {
        let mut command = Command::new("mount");
        command.args(["-t", "tmpfs", "-o", options, "none"]).arg(folder.path());
        command.output().is_ok_and(|output| output.status.success())
    };
    if !mount("size=512k") {
        return;
    }
    let fill = || {
        let gallery = Gallery::open(folder.path())?;
        let sheet = gallery.begin_sheet(&idea("a cat"))?;
        (1..1000).try_for_each(|number| {
            let mut new = new_entry(number, "a cat");
            new.image = noise(Size { width: 64, height: 64 }, number);
            gallery.add(&sheet.id, new).map(|_| ())
        })
    };
    let full = fill();
    let grown = mount("remount,size=8m");
    let kept = Gallery::open(folder.path()).map(|gallery| assert_whole(&gallery));
    assert!(Command::new("umount").arg(folder.path()).status().unwrap().success());
    assert!(matches!(full, Err(GalleryError::DiskFull { .. })), "{full:?}");
    assert!(grown && kept.as_ref().is_ok_and(|kept| *kept > 5), "{kept:?}");
}
