use super::grant::Grant;
use super::principal::PrincipalMatch;
use super::request::Request;
use super::set::PolicyRef;
use crate::policy::{Effect, Truth};

/// Hears what the walk over the policies finds.
pub(super) trait Recorder {
    /// Whether anything is kept. If not, the walk may leave a statement at its first failing element.
    const KEEPS: bool;
    fn begin(&mut self, at: PolicyRef, statement: usize, effect: Effect);
    fn action(&mut self, truth: Truth);
    fn principal(&mut self, truth: Truth);
    fn resource(&mut self, truth: Truth);
    fn condition(&mut self, truth: Truth);
    fn end(&mut self, applies: PrincipalMatch);
    fn grant(&mut self, grant: &Grant, request: &Request);
}

/// Keeps nothing: what [`judge`](super::judge) walks with.
pub(super) struct Silent;

impl Recorder for Silent {
    const KEEPS: bool = false;
    fn begin(&mut self, _: PolicyRef, _: usize, _: Effect) {}
    fn action(&mut self, _: Truth) {}
    fn principal(&mut self, _: Truth) {}
    fn resource(&mut self, _: Truth) {}
    fn condition(&mut self, _: Truth) {}
    fn end(&mut self, _: PrincipalMatch) {}
    fn grant(&mut self, _: &Grant, _: &Request) {}
}
