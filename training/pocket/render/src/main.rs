//! Renders every icon of an Iconify set to a small picture on nothing: RGBA, straight alpha.
//!
//! `pocket-render icons.json OUT [SIZE [EVERY]]` writes `OUT.rgba` (SIZE x SIZE x 4 bytes a
//! picture, one behind the other) and `OUT.names` (one icon name a line, same order).
//! With EVERY, one icon of so many is drawn: large renders of a part of a set.

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};

use resvg::tiny_skia::Pixmap;
use resvg::usvg::{Options, Transform, Tree};
use serde_json::Value;

/// The window an icon is drawn in; icons leave out what their set already says.
fn window(icon: &Value, set: &Value) -> [f64; 4] {
    let field = |name: &str, otherwise: f64| {
        icon[name].as_f64().or_else(|| set[name].as_f64()).unwrap_or(otherwise)
    };
    [field("left", 0.0), field("top", 0.0), field("width", 16.0), field("height", 16.0)]
}

/// A whole SVG document around an icon's body, fitted into a square.
fn document(icon: &Value, set: &Value, size: u32) -> Option<String> {
    let body = icon["body"].as_str()?;
    let [left, top, width, height] = window(icon, set);
    Some(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" \
         width=\"{size}\" height=\"{size}\" color=\"#212121\" \
         viewBox=\"{left} {top} {width} {height}\">{body}</svg>"
    ))
}

/// RGBA bytes of one document, colours not multiplied by alpha.
fn paint(svg: &str, size: u32) -> Result<Vec<u8>, Box<dyn Error>> {
    let tree = Tree::from_str(svg, &Options::default())?;
    let mut canvas = Pixmap::new(size, size).ok_or("empty canvas")?;
    resvg::render(&tree, Transform::identity(), &mut canvas.as_mut());
    let straight = canvas.pixels().iter().map(|pixel| pixel.demultiply());
    Ok(straight.flat_map(|c| [c.red(), c.green(), c.blue(), c.alpha()]).collect())
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [source, target, rest @ ..] = arguments.as_slice() else {
        return Err("usage: pocket-render icons.json OUT [SIZE [EVERY]]".into());
    };
    let size: u32 = rest.first().map_or(Ok(128), |text| text.parse())?;
    let every: usize = rest.get(1).map_or(Ok(1), |text| text.parse())?;
    let set: Value = serde_json::from_reader(File::open(source)?)?;
    let icons = set["icons"].as_object().ok_or("no icons in this file")?;
    let mut pictures = BufWriter::new(File::create(format!("{target}.rgba"))?);
    let mut names = BufWriter::new(File::create(format!("{target}.names"))?);
    let (mut painted, mut failed) = (0, 0);
    for (name, icon) in icons.iter().step_by(every.max(1)) {
        let picture = document(icon, &set, size).ok_or("an icon without a body".into());
        match picture.and_then(|svg| paint(&svg, size)) {
            Ok(bytes) => {
                pictures.write_all(&bytes)?;
                writeln!(names, "{name}")?;
                painted += 1;
            }
            Err(error) => {
                eprintln!("{name}: {error}");
                failed += 1;
            }
        }
    }
    println!("{source}: {painted} painted, {failed} failed");
    Ok(())
}
