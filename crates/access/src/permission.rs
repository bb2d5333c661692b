//! Roles and permissions: one built-in table, printed as a matrix that a test compares with the committed file.

use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$doc])* #[serde(rename = $word)] $variant),* }
        impl $name {
            /// All of them, in the order shown to people.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
            /// The word in the database, the API and the files.
            pub const fn as_str(self) -> &'static str { match self { $(Self::$variant => $word),* } }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.as_str()) }
        }
        impl std::str::FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                match text { $($word => Ok(Self::$variant),)* _ => Err(format!(concat!("unknown ", stringify!($name), " {:?}"), text)) }
            }
        }
    };
}

words! {
    /// 角色 — what an account may be. An account may have several.
    Role {
        /// 居民
        Resident = "resident",
        /// 网格员、信息采集员
        Collector = "collector",
        /// 受理员
        Acceptor = "acceptor",
        /// 值班长 — registers, closes, approves voids.
        ShiftLeader = "shift_leader",
        /// 派遣员
        Dispatcher = "dispatcher",
        /// 专业部门负责人
        DepartmentLead = "department_lead",
        /// 处置人员
        Handler = "handler",
        /// 核查员 — checks after handling; never from the handling unit.
        Checker = "checker",
        /// 领导
        Leader = "leader",
        /// 分析员
        Analyst = "analyst",
        /// 审计员
        Auditor = "auditor",
        /// 系统管理员
        SystemAdmin = "system_admin",
        /// 安全管理员
        SecurityAdmin = "security_admin",
    }
}

words! {
    /// What a route or a use case asks for.
    Permission {
        /// Open to everybody: start page, help, assets, sign-in, health.
        Public = "public",
        /// Report a matter; rate limited.
        CaseReport = "case.report",
        /// Follow a case by number and code, or by the private link.
        CaseTrack = "case.track",
        /// Follow and act on what one reported with one's own account, as a resident.
        CaseOwn = "case.own",
        /// Anything on one's own session and account.
        OwnAccount = "account.own",
        /// Read the notices that are for oneself.
        NoticeRead = "notice.read",
        /// See which notices did not arrive, send them again, word them.
        NoticeManage = "notice.manage",
        /// See cases in one's scope.
        CaseRead = "case.read",
        /// Accept, not accept, send to verification.
        CaseAccept = "case.accept",
        /// Register or not register.
        CaseRegister = "case.register",
        /// Dispatch to a unit, take back returns.
        CaseDispatch = "case.dispatch",
        /// Sign for, return, handle, report back.
        CaseHandle = "case.handle",
        /// Claim a matter one subscribed to, for an enterprise, an organisation or a residents' group.
        CaseClaim = "case.claim",
        /// Agree to more time, or that the clock stands still.
        CaseGrant = "case.grant",
        /// Do verify and check tasks; report from the street; handle on the spot.
        CaseInspect = "case.inspect",
        /// Close.
        CaseClose = "case.close",
        /// Call the requester back.
        CaseCallBack = "case.call_back",
        /// Ask for a void; a shift leader decides.
        CaseVoid = "case.void",
        /// Merge duplicates and undo it.
        CaseMerge = "case.merge",
        /// 催办 — remind whoever has a case.
        CaseRemind = "case.remind",
        /// 督办 — put a case under supervision, write an instruction, sign its report off.
        CaseSupervise = "case.supervise",
        /// Decide on disputed duties.
        CaseCoordinate = "case.coordinate",
        /// Take cases out as files, as far as one may see them.
        CaseExport = "case.export",
        /// Look at a person's data, with a purpose.
        PersonalRead = "personal.read",
        /// Ask figures by SQL of one's own, over views without personal fields.
        FactsQuery = "facts.query",
        /// See rates and counts.
        EvaluationRead = "evaluation.read",
        /// Freeze the figures of a month.
        EvaluationFreeze = "evaluation.freeze",
        /// Bring in sets of definitions by which figures are made.
        EvaluationManage = "evaluation.manage",
        /// See warnings, their back-tests and how good the detectors are.
        WarningRead = "warning.read",
        /// Say what a warning was: seen, dismissed, real, known cause, false.
        WarningJudge = "warning.judge",
        /// Open preventive work for a warning.
        WarningTask = "warning.task",
        /// Set detectors, run back-tests.
        WarningManage = "warning.manage",
        /// See what the machine suggests, what its models are worth and what people decided.
        SuggestionRead = "suggestion.read",
        /// Turn suggestion on and off, train models, put one into force, look for hot topics.
        SuggestionManage = "suggestion.manage",
        /// See hot topics and topics (每月一题).
        TopicRead = "topic.read",
        /// Make topics, choose those of a month, set their units and cases, end them.
        TopicManage = "topic.manage",
        /// Add and move measures of the own unit's topics.
        TopicAct = "topic.act",
        /// See divisions, grids, beats, units, catalogue, duties.
        ReferenceRead = "reference.read",
        /// Change divisions, grids, beats, units, catalogue, duties, calendars.
        ReferenceManage = "reference.manage",
        /// Bring in case records from files.
        ImportRun = "import.run",
        /// Make accounts, reset passwords, lock.
        AccountManage = "account.manage",
        /// Give and take roles and scopes.
        RoleManage = "role.manage",
        /// Read the audit trail.
        AuditRead = "audit.read",
        /// Configuration, health details, metrics.
        SystemManage = "system.manage",
    }
}

impl Permission {
    /// Whether everybody holds it without an account.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Public | Self::CaseReport | Self::CaseTrack)
    }
}

impl Role {
    /// Whether it is a role of the units that handle cases.
    pub fn is_of_departments(self) -> bool {
        matches!(self, Self::DepartmentLead | Self::Handler)
    }
    /// What the role may do beyond what is open to all. The whole table, readable at a glance.
    ///
    /// The three administrators are separate: the system administrator configures but sees no case and makes no
    /// account's rights; the security administrator gives rights but uses none; the auditor reads and changes nothing.
    pub fn permissions(self) -> &'static [Permission] {
        use Permission as P;
        match self {
            Self::Resident => &[P::CaseOwn, P::OwnAccount, P::NoticeRead],
            Self::Collector => &[
                P::OwnAccount,
                P::NoticeRead,
                P::CaseRead,
                P::CaseInspect,
                P::ReferenceRead,
            ],
            Self::Acceptor => &[
                P::OwnAccount,
                P::NoticeRead,
                P::CaseRead,
                P::CaseAccept,
                P::CaseMerge,
                P::CaseVoid,
                P::CaseRemind,
                P::CaseCallBack,
                P::PersonalRead,
                P::ReferenceRead,
                P::SuggestionRead,
            ],
            Self::ShiftLeader => &[
                P::OwnAccount,
                P::NoticeRead,
                P::CaseRead,
                P::CaseRegister,
                P::CaseGrant,
                P::CaseRemind,
                P::CaseSupervise,
                P::CaseClose,
                P::CaseVoid,
                P::CaseMerge,
                P::CaseExport,
                P::PersonalRead,
                P::ReferenceRead,
                P::EvaluationRead,
                P::WarningRead,
                P::WarningJudge,
                P::WarningTask,
                P::SuggestionRead,
                P::TopicRead,
                P::TopicManage,
            ],
            Self::Dispatcher => &[
                P::OwnAccount,
                P::NoticeRead,
                P::CaseRead,
                P::CaseDispatch,
                P::CaseGrant,
                P::CaseRemind,
                P::CaseCoordinate,
                P::ReferenceRead,
                P::SuggestionRead,
            ],
            Self::DepartmentLead => &[
                P::OwnAccount,
                P::NoticeRead,
                P::CaseRead,
                P::CaseHandle,
                P::CaseClaim,
                P::CaseExport,
                P::ReferenceRead,
                P::EvaluationRead,
                P::TopicRead,
                P::TopicAct,
            ],
            Self::Handler => &[
                P::OwnAccount,
                P::NoticeRead,
                P::CaseRead,
                P::CaseHandle,
                P::CaseClaim,
                P::ReferenceRead,
            ],
            Self::Checker => &[
                P::OwnAccount,
                P::NoticeRead,
                P::CaseRead,
                P::CaseInspect,
                P::CaseClose,
                P::CaseCallBack,
                P::ReferenceRead,
            ],
            Self::Leader => &[
                P::OwnAccount,
                P::NoticeRead,
                P::CaseRead,
                P::CaseCoordinate,
                P::CaseGrant,
                P::CaseRemind,
                P::CaseSupervise,
                P::EvaluationRead,
                P::EvaluationFreeze,
                P::ReferenceRead,
                P::WarningRead,
                P::WarningJudge,
                P::WarningTask,
                P::SuggestionRead,
                P::SuggestionManage,
                P::TopicRead,
                P::TopicManage,
            ],
            Self::Analyst => &[
                P::OwnAccount,
                P::NoticeRead,
                P::FactsQuery,
                P::EvaluationRead,
                P::EvaluationManage,
                P::CaseExport,
                P::ReferenceRead,
                P::WarningRead,
                P::WarningJudge,
                P::WarningManage,
                P::SuggestionRead,
                P::SuggestionManage,
                P::TopicRead,
                P::TopicManage,
            ],
            Self::Auditor => &[
                P::OwnAccount,
                P::NoticeRead,
                P::AuditRead,
                P::CaseRead,
                P::CaseExport,
                P::EvaluationRead,
                P::ReferenceRead,
                P::WarningRead,
                P::SuggestionRead,
                P::TopicRead,
            ],
            Self::SystemAdmin => &[
                P::OwnAccount,
                P::NoticeRead,
                P::SystemManage,
                P::NoticeManage,
                P::ReferenceRead,
                P::ReferenceManage,
                P::ImportRun,
            ],
            Self::SecurityAdmin => &[
                P::OwnAccount,
                P::NoticeRead,
                P::AccountManage,
                P::RoleManage,
                P::ReferenceRead,
            ],
        }
    }
}
