//! The permit of one request: who, under which permission, when, for which purpose. Only a [`Ctx`] opens the store.

use crate::front::Arrival;
use crate::idempotency::OnceKey;
use crate::permission::Permission;
use crate::principal::{Principal, SystemRole, UnitId};
use jiff::Timestamp;
use kernel::Clock;
use kernel::codes::DistrictCode;
use kernel::id::Id;
use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::Arc;
use store::{AuditEvent, Db, Grant, Lane, Read, Sealed, StoreError, Write};

/// What the program is made of, by type: capabilities put their own parts in and take them out again.
#[derive(Clone, Default)]
pub struct Services {
    parts: HashMap<TypeId, Arc<dyn Any + Send + Sync>>,
}

impl Services {
    /// Adds a part; a second one of the same type replaces the first.
    pub fn add<T: Any + Send + Sync>(&mut self, part: Arc<T>) {
        self.parts.insert(TypeId::of::<T>(), part);
    }
    /// The part of this type, if the program has it.
    pub fn find<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        let part = self.parts.get(&TypeId::of::<T>())?.clone();
        part.downcast::<T>().ok()
    }
    /// The part of this type.
    ///
    /// # Panics
    /// When the program was composed without it, which its own start-up test would show.
    pub fn get<T: Any + Send + Sync>(&self) -> Arc<T> {
        self.find().unwrap_or_else(|| {
            panic!(
                "the program was composed without {}",
                std::any::type_name::<T>()
            )
        })
    }
}

/// What a principal may see: becomes part of the WHERE of every list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// Only these districts; empty means all.
    pub districts: Vec<DistrictCode>,
    /// Only what this unit handles.
    pub unit: Option<UnitId>,
}

/// A refusal: the principal lacks a permission.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("needs the permission {permission}")]
pub struct Refused {
    /// Which one.
    pub permission: Permission,
}

/// The permit of one request.
#[derive(Clone)]
pub struct Ctx {
    principal: Principal,
    permission: Permission,
    grant: Grant,
    db: Db,
    clock: Arc<dyn Clock>,
    services: Services,
    lane: Lane,
    once: Option<OnceKey>,
    is_barred: bool,
}

/// What a [`Ctx`] is made from: the parts of the running program.
#[derive(Clone)]
pub(crate) struct Parts {
    pub db: Db,
    pub clock: Arc<dyn Clock>,
    pub services: Services,
}

impl Ctx {
    /// The one place where a permission is checked and a grant is minted.
    #[expect(
        clippy::disallowed_methods,
        reason = "the permission has just been checked: this is the only mint"
    )]
    pub(crate) fn grant(
        parts: &Parts,
        principal: Principal,
        permission: Permission,
        purpose: Option<String>,
        arrival: Arrival,
    ) -> Result<Self, Refused> {
        if !principal.may(permission) {
            return Err(Refused { permission });
        }
        let Arrival {
            now,
            reference: request,
        } = arrival;
        let grant = Grant::mint(principal.actor(), now, request, purpose);
        let Parts {
            db,
            clock,
            services,
        } = parts.clone();
        Ok(Self {
            principal,
            permission,
            grant,
            db,
            clock,
            services,
            lane: Lane::People,
            once: None,
            is_barred: false,
        })
    }

    /// A named part of the program acts by itself, in the background lane.
    pub fn system(db: Db, clock: Arc<dyn Clock>, services: Services, role: SystemRole) -> Self {
        let parts = Parts {
            db,
            clock,
            services,
        };
        let now = parts.clock.now();
        let arrival = Arrival {
            now,
            reference: Id::new(now, rand::random()),
        };
        let ctx = Self::grant(
            &parts,
            Principal::System(role),
            Permission::Public,
            None,
            arrival,
        )
        .expect("the program itself is never refused");
        Self {
            lane: Lane::Background,
            ..ctx
        }
    }

    /// Who asks.
    pub fn principal(&self) -> &Principal {
        &self.principal
    }
    /// The permission under which the request was granted.
    pub fn permission(&self) -> Permission {
        self.permission
    }
    /// Asks for one more permission than the route's.
    pub fn require(&self, permission: Permission) -> Result<(), Refused> {
        if self.principal.may(permission) {
            Ok(())
        } else {
            Err(Refused { permission })
        }
    }
    /// The moment of the request.
    pub fn now(&self) -> Timestamp {
        self.grant.now()
    }
    /// The clock, for work that outlives the request.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }
    /// The reference number of the request.
    pub fn request(&self) -> Id {
        self.grant.request()
    }
    /// The stated purpose of looking at a person's data.
    pub fn purpose(&self) -> Option<&str> {
        self.grant.purpose()
    }
    /// How many SQL statements the request has cost so far.
    pub fn statements(&self) -> u32 {
        self.grant.statements()
    }
    /// A part of the program.
    pub fn service<T: Any + Send + Sync>(&self) -> Arc<T> {
        self.services.get()
    }
    /// A part of the program that some deployments are composed without.
    pub fn service_if_any<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        self.services.find()
    }
    /// The database, for its engine and for maintenance.
    pub fn db(&self) -> &Db {
        &self.db
    }
    /// The same permit with a stated purpose of looking at a person's data (from a form).
    #[expect(
        clippy::disallowed_methods,
        reason = "the principal and the permission stay those that were checked"
    )]
    pub fn for_purpose(&self, purpose: impl Into<String>) -> Self {
        let grant = Grant::mint(
            self.principal.actor(),
            self.now(),
            self.request(),
            Some(purpose.into()),
        );
        Self {
            grant,
            ..self.clone()
        }
    }
    /// A permit of somebody else, in the lane of this one: work that was asked for earlier.
    pub(crate) fn as_principal(
        &self,
        principal: Principal,
        permission: Permission,
    ) -> Result<Self, Refused> {
        let parts = Parts {
            db: self.db.clone(),
            clock: self.clock.clone(),
            services: self.services.clone(),
        };
        let arrival = Arrival {
            now: self.now(),
            reference: Id::new(self.now(), rand::random()),
        };
        let ctx = Self::grant(&parts, principal, permission, None, arrival)?;
        Ok(Self {
            lane: self.lane,
            ..ctx
        })
    }
    /// The same permit at the present moment, for the next step of long work.
    pub fn renewed(&self) -> Self {
        Self {
            grant: self.grant.at(self.clock.now()),
            ..self.clone()
        }
    }

    /// What this principal may see of cases.
    ///
    /// Departments see what they handle; a member of staff with districts sees those; the desk and the leaders see all.
    pub fn scope(&self) -> Scope {
        match &self.principal {
            Principal::Staff(staff) => {
                let only_unit = staff.roles.iter().all(|r| r.is_of_departments());
                Scope {
                    districts: staff.districts.clone(),
                    unit: if only_unit { staff.unit } else { None },
                }
            }
            _ => Scope {
                districts: Vec::new(),
                unit: None,
            },
        }
    }

    /// The same permit without the power to change anything: a form that is not taken now is only shown again.
    pub(crate) fn barred(self) -> Self {
        Self {
            is_barred: true,
            ..self
        }
    }
    fn check_bar(&self) -> Result<(), StoreError> {
        if self.is_barred {
            let why = "a form that is not taken now changes nothing";
            return Err(StoreError::Misuse(why.into()));
        }
        Ok(())
    }
    /// The same permit for a request that named an idempotency key.
    pub(crate) fn once(&self, key: OnceKey) -> Self {
        Self {
            once: Some(key),
            ..self.clone()
        }
    }

    /// Runs a closure in a transaction; answers after the COMMIT. The first change of a request that named an
    /// idempotency key writes that key with it.
    pub async fn write<T, E, F>(&self, mut closure: F) -> Result<T, E>
    where
        F: FnMut(Write<'_>) -> Result<Sealed<T>, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.check_bar()?;
        let Some(key) = self.once.clone() else {
            return self.db.write(&self.grant, self.lane, closure).await;
        };
        let reserved = key.clone();
        let done = self
            .db
            .write(&self.grant, self.lane, move |mut w| {
                reserved.reserve(&mut w)?;
                closure(w)
            })
            .await;
        if done.is_ok() {
            key.written();
        }
        done
    }
    /// Runs a closure that only looks.
    pub async fn read<T, E, F>(&self, closure: F) -> Result<T, E>
    where
        F: FnMut(&mut Read<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.db.read(&self.grant, closure).await
    }
    /// [`Ctx::write`] for the command line. Must not be called on an async thread.
    pub fn write_blocking<T, E, F>(&self, closure: F) -> Result<T, E>
    where
        F: FnMut(Write<'_>) -> Result<Sealed<T>, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.check_bar()?;
        self.db.write_blocking(&self.grant, self.lane, closure)
    }
    /// [`Ctx::read`] for the command line.
    pub fn read_blocking<T, E, F>(&self, closure: F) -> Result<T, E>
    where
        F: FnMut(&mut Read<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.db.read_blocking(&self.grant, closure)
    }
    /// [`Ctx::read_blocking`] where all statements must see one state of the database, however long it takes.
    pub fn snapshot_blocking<T, E, F>(&self, closure: F) -> Result<T, E>
    where
        F: FnMut(&mut Read<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.db.snapshot_blocking(&self.grant, closure)
    }
    /// Runs a statement that somebody else wrote inside a fence. Must not be called on an async thread; whoever calls it
    /// records what was asked.
    ///
    /// # Errors
    /// [`store::sandbox::SandboxError`].
    pub fn run_fenced(
        &self,
        sql: &str,
        fence: &store::sandbox::Fence,
    ) -> Result<store::sandbox::Answer, store::sandbox::SandboxError> {
        self.db.run_fenced(&self.grant, sql, fence)
    }
    /// Refreshes the planner's statistics after a bulk load.
    pub fn analyze_blocking(&self) -> Result<(), StoreError> {
        #[expect(
            clippy::redundant_closure_for_method_calls,
            reason = "a path is not general enough over the lifetime"
        )]
        self.write_blocking(|w| w.analyze())
    }
    /// A change beside what the request asks for, such as taking a block of numbers: it leaves the request's
    /// idempotency key unspent, so that a request that is refused afterwards may be corrected and sent again.
    pub async fn write_beside<T, E, F>(&self, closure: F) -> Result<T, E>
    where
        F: FnMut(Write<'_>) -> Result<Sealed<T>, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.check_bar()?;
        self.db.write(&self.grant, self.lane, closure).await
    }
    /// Records an attempt that a rule or a permission refused.
    pub async fn record_refusal(&self, event: AuditEvent) -> Result<(), StoreError> {
        self.write_beside(move |w| w.commit(event.clone(), ()))
            .await
    }
}
