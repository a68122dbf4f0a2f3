//! Geometry of the charts: plain numbers and path data. The template draws them, so no
//! text from the log ever meets hand-written SVG.

pub(crate) mod axis;
pub(crate) mod graph;
pub(crate) mod heat_map;
pub(crate) mod timeline;
pub(crate) mod turnover;
pub(crate) mod waterfall;
