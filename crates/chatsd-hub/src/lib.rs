//! Model files from elsewhere: catalog, find, fetch, verify, remember. Does not look into a file of weights.
//!
//! [`ModelFolders`] finds what other programs have brought to this machine and shares it, reading only. [`Hub`] brings a
//! model from elsewhere: its name is one of the [`Catalog`] or a [`ModelSource`]; the files are chosen from a [`Listing`],
//! each is brought by [`fetch()`], and a [`PullRecord`] remembers what came from where under which licence.

mod cache;
mod catalog;
mod choose;
mod client;
mod detail;
mod error;
mod fetch;
mod folders;
mod lookup;
mod names;
mod pull;
mod record;
mod services;
mod source;
mod url;
mod wheel;

pub use catalog::{Advice, Badge, Catalog, CatalogEntry};
pub use choose::in_words;
pub use client::{Client, Link, NetworkOptions, Token};
pub use detail::{AnswerFault, ListingFault, NameFault, NetworkFault, OfferedFile};
pub use error::HubError;
pub use fetch::{BLOCK, FetchEvent, FetchProgress, Fetched, Wanted, fetch, sha256_of};
pub use folders::{Environment, FoundModel, ModelFolder, ModelFolders, Program, is_model_file, own_place, stem};
pub use lookup::{LookupError, check_source, find, like};
pub use pull::{Hub, PullEvent, PullFile, PullOptions, PullPlan};
pub use record::{PullRecord, RecordedFile, remove};
pub use services::{Listing, Remote, Services};
pub use source::{ModelSource, Repository};
