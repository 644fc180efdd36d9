//! The frontier of a text's labels: looked at beside the numbers, once none are wanted.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{RecvTimeoutError, bounded};

use super::Work;
use crate::device::Compute;
use crate::engine::frontier::frontier_of_pairs;
use crate::engine::inbox::{Gone, Inbox, Outbox};
use crate::engine::message::{Event, Look, Seen, Sight};
use crate::error::{Error, Kind, Result, caught};
use crate::frontier::{Options, Report};
use crate::labels::{Labels, joint};
use crate::measures::Order;

/// How often it is asked whether something goes before.
const OFTEN: Duration = Duration::from_millis(50);
/// Reports that may wait to be emitted before the search does.
const REPORTS: usize = 16;

impl Work {
    /// Emits the next frontier that is looked at, as it grows; `false` where there is none.
    pub(super) fn look_at_frontier(&mut self, inbox: &mut Inbox, outbox: &Outbox<'_>) -> Result<bool, Gone> {
        let order = |sight| if let Sight::Frontier(order) = sight { Some(order) } else { None };
        let Some((look, order)) = self.looks.next(order) else { return Ok(false) };
        // It takes the cores, which a model that nobody wants need not wait for.
        self.job = None;
        let seen = caught(|| self.frontier(&look, order, inbox, outbox));
        self.emit_seen(look, seen.map(|report| Seen::Frontier(Arc::new(report))), outbox)
    }

    fn frontier(
        &mut self,
        look: &Look,
        order: Order,
        inbox: &mut Inbox,
        outbox: &Outbox<'_>,
    ) -> Result<Report> {
        let sample = self.sample_of_text(look, inbox)?;
        let settings = &look.condition.settings;
        let labels =
            Labels::new_unless(&sample.documents, settings.max_order, &mut || inbox.supersedes_look())?;
        let pairs = joint::joint(&labels, order, settings.min_count).unwrap_or_default();
        drop(labels);
        let (text, sample) = (look.condition.text.path().file_name(), sample.identity());
        let of_text = |report: Report| Report {
            text: text.map(|name| name.to_string_lossy().into_owned()),
            order: Some(order.number()),
            sample: Some(format!("{sample:032x}")),
            ..report
        };
        let (compute, _) = Compute::open(settings.backend)?;
        // Nothing can be asked within a pass or a band, so both are left to a thread, which the flag stops.
        let (store, flag) = (self.store.clone(), AtomicBool::new(false));
        let (stop, (sender, grown)) = (&flag, bounded(REPORTS));
        // It takes its end of the channel with it, whose end says that it is done.
        let search = move || {
            let mut watch = |report: &Report| match sender.send(report.clone()) {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            };
            frontier_of_pairs(pairs, &Options::default(), &compute, store.as_ref(), stop, &mut watch)
        };
        thread::scope(|scope| {
            let search = thread::Builder::new()
                .name("frontier".to_owned())
                .spawn_scoped(scope, search)
                .map_err(|error| Error::new(Kind::Memory, format!("no thread can be started ({error})")))?;
            loop {
                match grown.recv_timeout(OFTEN) {
                    Ok(report) => {
                        let seen = Ok(Seen::Frontier(Arc::new(of_text(report))));
                        let event = Event::Seen { look: look.clone(), seen };
                        // Whoever is gone is noticed below.
                        let _ = outbox.emit_replaceable(event);
                    }
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => break,
                }
                if inbox.supersedes_look() {
                    stop.store(true, Ordering::Relaxed);
                }
            }
            search.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)).map(of_text)
        })
    }
}
