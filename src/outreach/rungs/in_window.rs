//! Inside the standard messaging window: an ordinary message, free, on both channels.

use super::Rung;
use crate::meta::policy::Transport;
use crate::outreach::ladder::Hold;
use crate::outreach::recipient::Reach;
use crate::time::UnixMs;

pub(super) struct InWindow;

impl Rung for InWindow {
    fn transport(&self) -> Transport {
        Transport::InWindow
    }

    fn carry(&self, to: &Reach, at: UnixMs) -> Result<(), Hold> {
        if to.window_until.is_some_and(|until| at < until) {
            Ok(())
        } else {
            Err(Hold::WindowClosed)
        }
    }
}
