//! Each test gets a home of its own and runs the real program in it.
#![allow(dead_code, reason = "each test file uses its part")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use chatsd_gallery::encode_png;
use chatsd_types::Image;
use serde_json::Value;
use tempfile::TempDir;

/// A folder to work in, with no config file and no settings in the environment.
pub struct Home(TempDir);

impl Home {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// The program, to be run in this home.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("chatsd"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CHATSD_")) {
            command.env_remove(name);
        }
        command.current_dir(self.path()).env("HOME", self.path()).env("XDG_CONFIG_HOME", self.path().join("config"));
        command.env("XDG_DATA_HOME", self.path().join("data")).env("LC_ALL", "C").env_remove("LANG");
        command.args(arguments);
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Run {
        Run::of(self.command(arguments).output().unwrap())
    }

    /// Writes a picture.
    pub fn write(&self, name: &str, image: &Image) {
        fs::write(self.path().join(name), encode_png(image, None).unwrap()).unwrap();
    }

    /// Copies a file to a place in this home.
    pub fn copy(&self, from: &str, to: &str) {
        let to = self.path().join(to);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(from, to).unwrap();
    }

    /// Every PNG below `images`, sheets included, sorted.
    pub fn pictures(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for sheet in fs::read_dir(self.path().join("images")).into_iter().flatten().flatten() {
            let files = fs::read_dir(sheet.path()).into_iter().flatten().flatten();
            found.extend(files.map(|file| file.path()).filter(|path| path.extension().is_some_and(|e| e == "png")));
        }
        found.sort();
        found
    }
}

/// What a run said.
#[derive(Debug)]
pub struct Run {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    pub fn of(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let run = Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) };
        assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
        run
    }

    /// Fails with everything that was said, unless it went well.
    pub fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "{}{}", self.stdout, self.stderr);
        self
    }

    /// The lines of stdout as JSON.
    pub fn events(&self) -> Vec<Value> {
        self.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The lines of stdout as paths below a home.
    pub fn paths(&self, home: &Home) -> Vec<PathBuf> {
        self.stdout.lines().map(|line| home.path().join(line)).collect()
    }
}
