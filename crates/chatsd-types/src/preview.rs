//! A picture between two steps.

use std::{fmt, sync::Arc};

use crate::Image;

/// A picture between two steps, small or large, that is made when it is asked for and costs nearly nothing before. It
/// may go to another thread and outlive the step.
#[derive(Clone)]
pub struct Preview(Arc<dyn Fn() -> Option<Image> + Send + Sync>);

impl Preview {
    /// One that `make` makes.
    pub fn new(make: impl Fn() -> Option<Image> + Send + Sync + 'static) -> Self {
        Self(Arc::new(make))
    }

    /// The picture; `None` where the model has none to show.
    #[must_use]
    pub fn image(&self) -> Option<Image> {
        (self.0)()
    }
}

impl fmt::Debug for Preview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Preview")
    }
}
