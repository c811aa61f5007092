//! Model files from elsewhere: catalog, find, fetch, verify, remember. Does not look into a file of weights.
//!
//! [`Folders`] finds what other programs have brought to this machine and shares it, reading only. [`Hub`] brings a
//! model from elsewhere: its name is one of the [`Catalog`] or a [`Source`]; the files are chosen from a [`Listing`],
//! each is brought by [`fetch()`], and a [`Record`] remembers what came from where under which licence.

mod cache;
mod catalog;
mod choose;
mod client;
mod detail;
mod error;
mod fetch;
mod folders;
mod names;
mod pull;
mod record;
mod services;
mod source;
mod url;
mod wheel;

pub use catalog::{Advice, Badge, Catalog, CatalogEntry};
pub use choose::in_words;
pub use client::{Client, Link, Network, Token};
pub use detail::{AnswerFault, ListingFault, NameFault, NetworkFault, OfferedFile};
pub use error::HubError;
pub use fetch::{BLOCK, Event, Fetched, Pace, Wanted, fetch, sha256_of};
pub use folders::{Folders, Found, Program, Shelf, Surroundings, is_model_file, own_place, stem};
pub use pull::{Hub, PullEvent, PullFile, PullPlan, Wish};
pub use record::{Record, RecordedFile, remove};
pub use services::{Listing, Remote, Services};
pub use source::{Repository, Source};
