//! Whether the desktop has file dialogs to show.
//!
//! Where no portal is installed, or none of its parts draws file dialogs, `rfd` returns what it returns when a user
//! cancels, and where one hangs it never returns. So the portal is queried first, with a limit: what must answer
//! within it is the portal's presence, not the user.

use crate::error::Result;

/// Checks that a dialog would be shown.
///
/// # Errors
/// Where none would be: no session bus, no portal, one without file dialogs, or one that does not answer in time.
pub(super) fn check() -> Result<()> {
    #[cfg(target_os = "linux")]
    return linux::check(None);
    #[cfg(not(target_os = "linux"))]
    Ok(())
}

#[cfg(target_os = "linux")]
mod linux {
    use std::time::Duration;

    use zbus::connection::Builder;

    use crate::error::{Error, Kind, Result};

    /// How long the portal may take to answer, its start included.
    const LIMIT: Duration = Duration::from_secs(1);

    /// Checks the portal on the bus at `address`, or on that of the session.
    pub(super) fn check(address: Option<&str>) -> Result<()> {
        let address = address.map(str::to_owned);
        let (sender, receiver) = crossbeam_channel::bounded(1);
        // Connecting has no limit of its own.
        std::thread::Builder::new()
            .name("infoplane-portal".to_owned())
            .spawn(move || {
                // Nobody waits for an answer that comes too late.
                let _ = sender.send(pollster::block_on(query(address.as_deref())));
            })
            .map_err(|error| missing(error.to_string()))?;
        match receiver.recv_timeout(LIMIT) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(missing(error.to_string())),
            Err(_) => Err(missing("its portal does not answer within a second".to_owned())),
        }
    }

    fn missing(why: String) -> Error {
        Error::new(Kind::Output, format!("the desktop has no file dialogs ({why})"))
    }

    /// Reads the version of the portal's file dialogs: an answer means that it is there and at work.
    async fn query(address: Option<&str>) -> zbus::Result<()> {
        let builder = match address {
            Some(address) => Builder::address(address)?,
            None => Builder::session()?,
        };
        let connection = builder.method_timeout(LIMIT).build().await?;
        let property = ("org.freedesktop.portal.FileChooser", "version");
        connection
            .call_method(
                Some("org.freedesktop.portal.Desktop"),
                "/org/freedesktop/portal/desktop",
                Some("org.freedesktop.DBus.Properties"),
                "Get",
                &property,
            )
            .await?;
        Ok(())
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn without_a_session_bus_there_is_no_portal() {
            let error = check(Some("unix:path=/nonexistent/bus")).unwrap_err();
            assert!(error.to_string().contains("the desktop has no file dialogs"), "{error}");
        }

        #[test]
        fn a_bus_that_takes_the_connection_and_says_nothing_is_left() {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("bus");
            let bus = std::os::unix::net::UnixListener::bind(&path).unwrap();
            let error = check(Some(&format!("unix:path={}", path.display()))).unwrap_err();
            assert!(error.to_string().contains("does not answer within a second"), "{error}");
            drop(bus);
        }
    }
}
