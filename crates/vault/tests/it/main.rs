//! The vault on both engines, asked by people whose permissions the route guard has checked.

mod erasing;
mod guard;
mod looks;
mod putting;
mod rotation;
mod stage;
mod unmasking;
