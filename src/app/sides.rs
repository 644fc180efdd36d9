//! The sides of the window, the list of runs and the settings: beside the panels, or drawers over them. Nothing here draws.

/// In narrower windows the sides are drawers, in points of the screen.
const NARROW: f32 = 1000.0;

/// A side of the window, which is a drawer over the panels where the window is narrow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Drawer {
    /// The list of runs, at the left.
    Runs,
    /// The settings, at the right.
    Settings,
}

impl Drawer {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Runs => "Runs",
            Self::Settings => "Settings",
        }
    }
}

/// How the sides of the window stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sides {
    /// Beside the panels.
    Standing,
    /// Over the panels, one at most.
    Drawers(Option<Drawer>),
}

impl Sides {
    /// What a wish to open or close a drawer makes of them.
    pub fn toggled(self, drawer: Drawer) -> Self {
        match self {
            Self::Standing => self,
            Self::Drawers(open) => Self::Drawers(Some(drawer).filter(|drawer| open != Some(*drawer))),
        }
    }

    /// The same in a window of some width.
    pub fn within(self, width: f32) -> Self {
        match self {
            _ if width >= NARROW => Self::Standing,
            Self::Standing => Self::Drawers(None),
            Self::Drawers(_) => self,
        }
    }

    /// The drawer that is open.
    pub fn open(self) -> Option<Drawer> {
        match self {
            Self::Standing => None,
            Self::Drawers(open) => open,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_press_closes_a_drawer_and_one_drawer_is_open_at_most() {
        let narrow = Sides::Standing.within(860.0);
        assert_eq!(narrow, Sides::Drawers(None));
        let runs = narrow.toggled(Drawer::Runs);
        assert_eq!(runs.open(), Some(Drawer::Runs));
        assert_eq!(runs.toggled(Drawer::Settings).open(), Some(Drawer::Settings));
        assert_eq!(runs.toggled(Drawer::Runs), narrow);
        assert_eq!(runs.within(900.0), runs, "it stays open");
        assert_eq!(runs.within(1000.0), Sides::Standing);
        assert_eq!(Sides::Standing.toggled(Drawer::Settings), Sides::Standing);
    }
}
