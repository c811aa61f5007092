//! Which way of showing pictures this terminal has, by what it says of itself in the environment.
//!
//! No question is sent to the terminal: an answer may never come, or come into the next program's input.

use crate::args::values::Show;

/// The best way of a terminal. `variable` reads the environment.
pub fn detect(is_terminal: bool, coloured: bool, variable: impl Fn(&str) -> Option<String>) -> Show {
    let is = |name: &str, parts: &[&str]| {
        variable(name).is_some_and(|value| parts.iter().any(|part| value.to_lowercase().contains(part)))
    };
    let has = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
    if !is_terminal || is("TERM", &["dumb"]) {
        return Show::None;
    }
    // Inside a multiplexer the terminal outside is not to be reached.
    if !has("TMUX") && !is("TERM", &["tmux", "screen"]) {
        if has("KITTY_WINDOW_ID") || is("TERM", &["kitty", "ghostty"]) || is("TERM_PROGRAM", &["ghostty"]) {
            return Show::Kitty;
        }
        if is("TERM_PROGRAM", &["iterm", "wezterm", "mintty"]) || is("LC_TERMINAL", &["iterm2"]) {
            return Show::Iterm2;
        }
        if is("TERM", &["sixel", "foot", "mlterm", "contour", "yaft"]) || has("KONSOLE_VERSION") || has("WT_SESSION") {
            return Show::Sixel;
        }
    }
    if coloured { Show::Blocks } else { Show::None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminals_are_known_by_their_names() {
        let ask = |pairs: &[(&str, &str)], coloured| {
            detect(true, coloured, |name| {
                pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
            })
        };
        for (pairs, expected) in [
            (&[("TERM", "xterm-kitty")][..], Show::Kitty),
            (&[("TERM_PROGRAM", "iTerm.app"), ("TERM", "xterm-256color")], Show::Iterm2),
            (&[("TERM", "foot")], Show::Sixel),
            (&[("TERM", "xterm-256color")], Show::Blocks),
            (&[("TERM", "tmux-256color"), ("KITTY_WINDOW_ID", "1"), ("TMUX", "x")], Show::Blocks),
            (&[("TERM", "dumb")], Show::None),
        ] {
            assert_eq!(ask(pairs, true), expected, "{pairs:?}");
        }
        assert_eq!(ask(&[("TERM", "xterm")], false), Show::None);
        assert_eq!(detect(false, true, |_| Some("xterm-kitty".into())), Show::None);
    }
}
