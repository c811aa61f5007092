//! What was asked for: the command line, the config file and the environment become settings.

pub mod cli;
pub mod config;
pub mod environment;
pub mod help;
pub mod parameters;
pub mod settings;
pub mod values;
