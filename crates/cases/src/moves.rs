//! The one table of moves: who may move a case where. A clerk can read it; the diagram in the docs is made from it.

use crate::model::State;
use access::Role;
use std::collections::BTreeSet;

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $word:literal),* $(,)?) => {
        /// What can be done to a case, without its words and pictures.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Act { $($(#[$doc])* $variant),* }
        impl Act {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
            /// The word in the API, in permissions and in the audit trail (`case.` before it).
            pub const fn as_str(self) -> &'static str { match self { $(Self::$variant => $word),* } }
            /// The audit word.
            pub const fn audit(self) -> &'static str { match self { $(Self::$variant => concat!("case.", $word)),* } }
        }
    };
}
kinds! {
    /// 上报
    Report = "report",
    /// Bring in from a file.
    Import = "import",
    /// A later file says something else.
    UpdateImport = "update_import",
    /// 核实
    Verify = "verify",
    /// The verification's clock ran out.
    LapseVerify = "lapse_verify",
    /// Take a task from the pool, or give it to somebody.
    TakeTask = "take_task",
    /// 受理
    Accept = "accept",
    /// 不予受理
    NotAccept = "not_accept",
    /// Put class or place right.
    Correct = "correct",
    /// 立案
    Register = "register",
    /// 不予立案
    NotRegister = "not_register",
    /// 派遣
    Dispatch = "dispatch",
    /// 签收
    Sign = "sign",
    /// 回退
    Return = "return",
    /// 协调
    Rule = "rule",
    /// Give it to a handler inside the unit.
    Assign = "assign",
    /// 申请延期
    RequestExtension = "request_extension",
    /// 延期初审
    EndorseExtension = "endorse_extension",
    /// 批准延期
    GrantExtension = "grant_extension",
    /// 不同意延期
    RefuseExtension = "refuse_extension",
    /// 申请挂账
    RequestSuspension = "request_suspension",
    /// 批准挂账
    Suspend = "suspend",
    /// 不同意挂账
    RefuseSuspension = "refuse_suspension",
    /// 恢复
    Resume = "resume",
    /// The suspension's end has come.
    LapseSuspension = "lapse_suspension",
    /// 补充询问
    AskRequester = "ask_requester",
    /// 反映人答复
    Answer = "answer",
    /// No answer came in time.
    LapseWaiting = "lapse_waiting",
    /// 重算
    Recompute = "recompute",
    /// 反馈
    ReportBack = "report_back",
    /// 核查
    Check = "check",
    /// The check's clock ran out.
    LapseCheck = "lapse_check",
    /// 结案
    Close = "close",
    /// 回访
    CallBack = "call_back",
    /// Ask for a void.
    RequestVoid = "request_void",
    /// Refuse a void.
    RefuseVoid = "refuse_void",
    /// 作废
    Void = "void",
    /// 并案
    Merge = "merge",
    /// Undo a merge.
    Unmerge = "unmerge",
    /// 自处置审核
    ConfirmSelfHandling = "confirm_self_handling",
    /// A note in the file.
    Note = "note",
    /// 诉求性质
    SetNature = "set_nature",
    /// 拟答复
    DraftAnswer = "draft_answer",
    /// 答复审核同意
    ApproveAnswer = "approve_answer",
    /// 答复退回修改
    ReturnAnswer = "return_answer",
    /// 直接办结
    AnswerDirectly = "answer_directly",
    /// 申诉
    LodgeAppeal = "lodge_appeal",
    /// 申诉初审同意
    EndorseAppeal = "endorse_appeal",
    /// 申诉终审同意
    GrantAppeal = "grant_appeal",
    /// 申诉不同意
    RefuseAppeal = "refuse_appeal",
    /// 申请剔除
    AskExclusion = "ask_exclusion",
    /// 同意剔除
    GrantExclusion = "grant_exclusion",
    /// 不同意剔除
    RefuseExclusion = "refuse_exclusion",
    /// 评价
    Rate = "rate",
    /// 重新办理
    Reopen = "reopen",
    /// 补充说明
    AddMessage = "add_message",
    /// 并入来案
    Join = "join",
    /// 来案撤出
    Part = "part",
    /// 再次回访
    RenewCall = "renew_call",
    /// 协办
    AskHelp = "ask_help",
    /// 拆分
    Split = "split",
    /// A unit answers its part.
    AnswerPart = "answer_part",
    /// A part is taken back.
    RecallPart = "recall_part",
    /// 首接负责
    NameFirst = "name_first",
    /// 被投诉单位
    NameParty = "name_party",
    /// 吹哨
    Whistle = "whistle",
    /// 认领
    Claim = "claim",
    /// The claimant shows what it did.
    ShowClaim = "show_claim",
    /// A claim ends before its time.
    DropClaim = "drop_claim",
    /// Nothing was shown under a claim in time.
    LapseClaim = "lapse_claim",
    /// 机构调整
    ChangeUnit = "change_unit",
}

/// Who may make a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Somebody with one of these roles.
    Roles(&'static [Role]),
    /// Anybody who reaches the case by a channel (reporting needs no account).
    Anybody,
    /// A timer or an importer of the program itself.
    Program,
}

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Move {
    /// From these states; empty means that there is no case yet.
    pub from: &'static [State],
    /// What is done.
    pub act: Act,
    /// To one of these; empty means that the state stays.
    pub to: &'static [State],
    /// By whom.
    pub by: Who,
    /// Which rule says so.
    pub because: &'static str,
}

use Role::{
    Acceptor, Checker, Collector, DepartmentLead, Dispatcher, Handler, Leader, ShiftLeader,
};
use State as S;

/// Every state that is not final.
const GOING: &[State] = &[
    S::PendingVerify,
    S::PendingAccept,
    S::PendingRegister,
    S::PendingDispatch,
    S::Coordinating,
    S::PendingSign,
    S::Handling,
    S::Suspended,
    S::Waiting,
    S::PendingCheck,
    S::PendingClose,
    S::SelfHandledAudit,
];

/// Ended in a way about which the requester may be asked; what was merged, once the case it went into has ended.
const ENDED: &[State] = &[
    S::Closed,
    S::AnsweredDirectly,
    S::NotAccepted,
    S::NotRegistered,
    S::SelfHandled,
    S::Merged,
];
/// Where the desk itself may end a case, and so answer it.
pub(crate) const AT_THE_DESK: &[State] = &[
    S::PendingVerify,
    S::PendingAccept,
    S::PendingRegister,
    S::SelfHandledAudit,
];
/// The states in which a unit has the case.
const WITH_UNIT: &[State] = &[S::PendingSign, S::Handling, S::Suspended, S::Waiting];

/// Every state in which a clock may run: somebody waits for somebody, or for a call-back.
const CLOCKED: &[State] = &[
    S::PendingVerify,
    S::PendingAccept,
    S::PendingRegister,
    S::PendingDispatch,
    S::Coordinating,
    S::PendingSign,
    S::Handling,
    S::Waiting,
    S::PendingCheck,
    S::PendingClose,
    S::SelfHandledAudit,
    S::Closed,
    S::AnsweredDirectly,
    S::NotAccepted,
    S::NotRegistered,
    S::SelfHandled,
];

/// Who may move a case where. Order is the order shown on screen.
pub const MOVES: &[Move] = &[
    Move {
        from: &[],
        act: Act::Report,
        to: &[S::PendingVerify, S::PendingAccept, S::SelfHandledAudit],
        by: Who::Anybody,
        because: "信息采集；自处置",
    },
    Move {
        from: &[],
        act: Act::Import,
        to: &[
            S::PendingAccept,
            S::Closed,
            S::Merged,
            S::Transferred,
            S::Voided,
        ],
        by: Who::Program,
        because: "an imported case says what its file says",
    },
    Move {
        from: State::ALL,
        act: Act::UpdateImport,
        to: &[
            S::PendingAccept,
            S::Closed,
            S::Merged,
            S::Transferred,
            S::Voided,
        ],
        by: Who::Program,
        because: "a later file of the same source; refused once people have acted",
    },
    Move {
        from: &[S::PendingVerify],
        act: Act::Verify,
        to: &[S::PendingAccept],
        by: Who::Roles(&[Collector, Checker]),
        because: "核实：是、否、未找到",
    },
    Move {
        from: &[S::PendingVerify],
        act: Act::LapseVerify,
        to: &[S::PendingAccept],
        by: Who::Program,
        because: "the verification's own clock ran out; the acceptor decides without it",
    },
    Move {
        from: &[S::PendingVerify, S::PendingCheck],
        act: Act::TakeTask,
        to: &[],
        by: Who::Roles(&[Collector, Checker, Acceptor, ShiftLeader]),
        because: "a task of the pool, or to the worker on duty",
    },
    Move {
        from: &[S::PendingAccept],
        act: Act::Accept,
        to: &[S::PendingRegister],
        by: Who::Roles(&[Acceptor]),
        because: "受理",
    },
    Move {
        from: &[S::PendingVerify, S::PendingAccept],
        act: Act::NotAccept,
        to: &[S::NotAccepted],
        by: Who::Roles(&[Acceptor]),
        because: "不予受理，须有理由",
    },
    Move {
        from: &[S::PendingVerify, S::PendingAccept, S::PendingRegister],
        act: Act::Correct,
        to: &[],
        by: Who::Roles(&[Acceptor, ShiftLeader]),
        because: "class and place may be put right before registration",
    },
    Move {
        from: &[S::PendingRegister],
        act: Act::Register,
        to: &[S::PendingDispatch],
        by: Who::Roles(&[ShiftLeader]),
        because: "立案，须选标准",
    },
    Move {
        from: &[S::PendingRegister],
        act: Act::NotRegister,
        to: &[S::NotRegistered],
        by: Who::Roles(&[ShiftLeader]),
        because: "不予立案，须有理由",
    },
    Move {
        from: &[S::PendingDispatch],
        act: Act::Dispatch,
        to: &[S::PendingSign],
        by: Who::Roles(&[Dispatcher]),
        because: "派遣，处置时限开始",
    },
    Move {
        from: &[S::PendingSign],
        act: Act::Sign,
        to: &[S::Handling],
        by: Who::Roles(&[Handler, DepartmentLead]),
        because: "签收，仅承办单位",
    },
    Move {
        from: &[S::PendingSign, S::Handling],
        act: Act::Return,
        to: &[S::PendingDispatch, S::Coordinating],
        by: Who::Roles(&[DepartmentLead, Handler]),
        because: "回退须有理由；第三次转协调",
    },
    Move {
        from: &[S::Coordinating],
        act: Act::Rule,
        to: &[S::PendingDispatch],
        by: Who::Roles(&[Dispatcher, Leader]),
        because: "协调裁定，裁定后不得再退",
    },
    Move {
        from: &[S::PendingSign, S::Handling],
        act: Act::Assign,
        to: &[],
        by: Who::Roles(&[DepartmentLead]),
        because: "单位内部指派",
    },
    Move {
        from: &[S::Handling],
        act: Act::RequestExtension,
        to: &[],
        by: Who::Roles(&[Handler, DepartmentLead]),
        because: "申请延期：时限未到，须有理由",
    },
    Move {
        from: &[S::Handling],
        act: Act::EndorseExtension,
        to: &[],
        by: Who::Roles(&[Dispatcher]),
        because: "延期初审，两级审批的第一级",
    },
    Move {
        from: &[S::Handling],
        act: Act::GrantExtension,
        to: &[],
        by: Who::Roles(&[ShiftLeader, Leader]),
        because: "延期终审，须另一人；增加一个原时限，至多两次",
    },
    Move {
        from: &[S::Handling],
        act: Act::RefuseExtension,
        to: &[],
        by: Who::Roles(&[Dispatcher, ShiftLeader, Leader]),
        because: "不同意延期，须有理由",
    },
    Move {
        from: &[S::Handling],
        act: Act::RequestSuspension,
        to: &[],
        by: Who::Roles(&[Handler, DepartmentLead]),
        because: "申请挂账：须有理由和截止日期，不超过一年",
    },
    Move {
        from: &[S::Handling],
        act: Act::Suspend,
        to: &[S::Suspended],
        by: Who::Roles(&[Dispatcher, ShiftLeader]),
        because: "批准挂账，每案一次；时限停止",
    },
    Move {
        from: &[S::Handling],
        act: Act::RefuseSuspension,
        to: &[],
        by: Who::Roles(&[Dispatcher, ShiftLeader]),
        because: "不同意挂账，须有理由",
    },
    Move {
        from: &[S::Suspended],
        act: Act::Resume,
        to: &[S::Handling],
        by: Who::Roles(&[Handler, DepartmentLead, Dispatcher, ShiftLeader]),
        because: "提前恢复，时限继续",
    },
    Move {
        from: &[S::Suspended],
        act: Act::LapseSuspension,
        to: &[S::Handling],
        by: Who::Program,
        because: "挂账到期自动恢复",
    },
    Move {
        from: &[S::Handling],
        act: Act::AskRequester,
        to: &[S::Waiting],
        by: Who::Roles(&[Handler, DepartmentLead]),
        because: "须反映人补充；等待期间时限停止",
    },
    Move {
        from: &[S::Waiting],
        act: Act::Answer,
        to: &[S::Handling],
        by: Who::Anybody,
        because: "反映人凭链接答复，或由工作人员代记；时限继续",
    },
    Move {
        from: &[S::Waiting],
        act: Act::LapseWaiting,
        to: &[S::Handling],
        by: Who::Program,
        because: "逾期未答复，时限继续",
    },
    Move {
        from: CLOCKED,
        act: Act::Recompute,
        to: &[],
        by: Who::Program,
        because: "日历变更，时限重算，新旧并存",
    },
    Move {
        from: &[S::Handling],
        act: Act::ReportBack,
        to: &[S::PendingCheck],
        by: Who::Roles(&[Handler, DepartmentLead]),
        because: "处置反馈，处置时限至此为止",
    },
    Move {
        from: &[S::PendingCheck],
        act: Act::Check,
        to: &[S::PendingClose, S::Handling],
        by: Who::Roles(&[Collector, Checker]),
        because: "核查：通过或返工；不得由承办单位核查",
    },
    Move {
        from: &[S::PendingCheck],
        act: Act::LapseCheck,
        to: &[],
        by: Who::Program,
        because: "a check nobody did goes back to the pool",
    },
    Move {
        from: &[S::PendingClose],
        act: Act::Close,
        to: &[S::Closed],
        by: Who::Roles(&[ShiftLeader, Checker]),
        because: "结案，须选结案条件；承办单位不得自结",
    },
    Move {
        from: ENDED,
        act: Act::CallBack,
        to: &[],
        by: Who::Roles(&[Acceptor, Checker]),
        because: "回访；不得由承办单位回访",
    },
    Move {
        from: ENDED,
        act: Act::Rate,
        to: &[],
        by: Who::Anybody,
        because: "反映人凭链接评价；改评另记一次",
    },
    Move {
        from: &[S::Closed, S::AnsweredDirectly],
        act: Act::Reopen,
        to: &[S::PendingSign, S::PendingDispatch, S::PendingAccept],
        by: Who::Anybody,
        because: "反映人在期限内要求重新办理，须有理由；每次另计",
    },
    Move {
        from: State::ALL,
        act: Act::Join,
        to: &[],
        by: Who::Roles(&[Acceptor, ShiftLeader]),
        because: "并案的另一面：来案的反映人一并答复、一并回访",
    },
    Move {
        from: State::ALL,
        act: Act::Part,
        to: &[],
        by: Who::Roles(&[Acceptor, ShiftLeader]),
        because: "撤销并案的另一面",
    },
    Move {
        from: &[S::Merged],
        act: Act::RenewCall,
        to: &[],
        by: Who::Anybody,
        because: "主案重新办理的另一面：并入案件的反映人须再次回访",
    },
    Move {
        from: State::ALL,
        act: Act::AddMessage,
        to: &[],
        by: Who::Anybody,
        because: "反映人补充说明，或由工作人员代记",
    },
    Move {
        from: &[S::PendingVerify, S::PendingAccept, S::PendingRegister],
        act: Act::SetNature,
        to: &[],
        by: Who::Roles(&[Acceptor, ShiftLeader]),
        because: "诉求性质，立案前可更正",
    },
    Move {
        from: &[S::PendingVerify, S::PendingAccept, S::PendingRegister],
        act: Act::AnswerDirectly,
        to: &[S::AnsweredDirectly],
        by: Who::Roles(&[Acceptor, ShiftLeader]),
        because: "直接办结：咨询、建议、感谢由受理台答复",
    },
    Move {
        from: &[S::Handling, S::PendingCheck, S::PendingClose],
        act: Act::DraftAnswer,
        to: &[],
        by: Who::Roles(&[Handler, DepartmentLead]),
        because: "承办单位拟写答复",
    },
    Move {
        from: AT_THE_DESK,
        act: Act::DraftAnswer,
        to: &[],
        by: Who::Roles(&[Acceptor, ShiftLeader]),
        because: "受理台拟写答复：不予受理、不予立案、直接办结、自处置",
    },
    Move {
        from: &[S::Handling, S::PendingCheck, S::PendingClose],
        act: Act::ApproveAnswer,
        to: &[],
        by: Who::Roles(&[DepartmentLead, ShiftLeader]),
        because: "负责人审核答复，须另一人",
    },
    Move {
        from: AT_THE_DESK,
        act: Act::ApproveAnswer,
        to: &[],
        by: Who::Roles(&[ShiftLeader]),
        because: "值班长审核受理台的答复，须另一人",
    },
    Move {
        from: &[S::Handling, S::PendingCheck, S::PendingClose],
        act: Act::ReturnAnswer,
        to: &[],
        by: Who::Roles(&[DepartmentLead, ShiftLeader]),
        because: "答复退回修改，须有理由",
    },
    Move {
        from: AT_THE_DESK,
        act: Act::ReturnAnswer,
        to: &[],
        by: Who::Roles(&[ShiftLeader]),
        because: "受理台的答复退回修改，须有理由",
    },
    Move {
        from: &[S::Closed],
        act: Act::LodgeAppeal,
        to: &[],
        by: Who::Roles(&[DepartmentLead, Handler]),
        because: "申诉：结案后，仅承办单位，每案一次，须有理由和证据",
    },
    Move {
        from: &[S::Closed],
        act: Act::EndorseAppeal,
        to: &[],
        by: Who::Roles(&[Dispatcher]),
        because: "申诉初审，两级审核的第一级",
    },
    Move {
        from: &[S::Closed],
        act: Act::GrantAppeal,
        to: &[],
        by: Who::Roles(&[Acceptor, ShiftLeader]),
        because: "申诉终审，须另一人；只加免责标记，原记录不变",
    },
    Move {
        from: &[S::Closed],
        act: Act::RefuseAppeal,
        to: &[],
        by: Who::Roles(&[Dispatcher, Acceptor, ShiftLeader]),
        because: "申诉不同意，须有理由",
    },
    Move {
        from: ENDED,
        act: Act::AskExclusion,
        to: &[],
        by: Who::Roles(&[DepartmentLead, Acceptor, Dispatcher, Checker]),
        because: "申请剔除回访结果，理由取自清单",
    },
    Move {
        from: ENDED,
        act: Act::GrantExclusion,
        to: &[],
        by: Who::Roles(&[ShiftLeader, Leader]),
        because: "剔除须另一人审核，公开可见",
    },
    Move {
        from: ENDED,
        act: Act::RefuseExclusion,
        to: &[],
        by: Who::Roles(&[ShiftLeader, Leader]),
        because: "不同意剔除，须有理由",
    },
    Move {
        from: &[S::SelfHandledAudit],
        act: Act::ConfirmSelfHandling,
        to: &[S::SelfHandled],
        by: Who::Roles(&[Acceptor, ShiftLeader]),
        because: "自处置审核归档，上报人不审核",
    },
    Move {
        from: GOING,
        act: Act::RequestVoid,
        to: &[],
        by: Who::Roles(&[Acceptor, Dispatcher]),
        because: "作废须申请",
    },
    Move {
        from: GOING,
        act: Act::RefuseVoid,
        to: &[],
        by: Who::Roles(&[ShiftLeader]),
        because: "值班长不同意作废",
    },
    Move {
        from: GOING,
        act: Act::Void,
        to: &[S::Voided],
        by: Who::Roles(&[ShiftLeader]),
        because: "作废由值班长批准；派遣后须先由另一人申请",
    },
    Move {
        from: &[
            S::PendingVerify,
            S::PendingAccept,
            S::PendingRegister,
            S::PendingDispatch,
        ],
        act: Act::Merge,
        to: &[S::Merged],
        by: Who::Roles(&[Acceptor, ShiftLeader]),
        because: "重复案件并案，可撤销",
    },
    Move {
        from: &[S::Merged],
        act: Act::Unmerge,
        to: &[
            S::PendingVerify,
            S::PendingAccept,
            S::PendingRegister,
            S::PendingDispatch,
        ],
        by: Who::Roles(&[Acceptor, ShiftLeader]),
        because: "撤销并案",
    },
    Move {
        from: State::ALL,
        act: Act::Note,
        to: &[],
        by: Who::Roles(&[
            Collector,
            Acceptor,
            ShiftLeader,
            Dispatcher,
            DepartmentLead,
            Handler,
            Checker,
            Leader,
        ]),
        because: "批注",
    },
    Move {
        from: &[S::PendingSign, S::Handling],
        act: Act::AskHelp,
        to: &[],
        by: Who::Roles(&[DepartmentLead, Handler, Dispatcher]),
        because: "协办：主办单位或派遣员指定协办单位、事项和时限",
    },
    Move {
        from: &[S::PendingSign, S::Handling],
        act: Act::Split,
        to: &[],
        by: Who::Roles(&[DepartmentLead, Handler, Dispatcher]),
        because: "拆分：各部分有承办单位和时限，仍是一个案件",
    },
    Move {
        from: WITH_UNIT,
        act: Act::AnswerPart,
        to: &[],
        by: Who::Roles(&[Handler, DepartmentLead]),
        because: "协办反馈，仅该部分的承办单位；全部完成即合并",
    },
    Move {
        from: WITH_UNIT,
        act: Act::RecallPart,
        to: &[],
        by: Who::Roles(&[DepartmentLead, Handler, Dispatcher]),
        because: "撤回协办或拆分部分，须有理由",
    },
    Move {
        from: &[S::PendingSign, S::Handling],
        act: Act::NameFirst,
        to: &[],
        by: Who::Roles(&[Dispatcher]),
        because: "首接负责：首接单位牵头，不得推诿",
    },
    Move {
        from: GOING,
        act: Act::NameParty,
        to: &[],
        by: Who::Roles(&[Acceptor, ShiftLeader, Dispatcher]),
        because: "记明被投诉单位，其不得认领",
    },
    Move {
        from: GOING,
        act: Act::Whistle,
        to: &[],
        by: Who::Roles(&[DepartmentLead, Handler]),
        because: "吹哨报到：街道召集，部门须响应",
    },
    Move {
        from: &[S::PendingSign, S::Handling],
        act: Act::Claim,
        to: &[],
        by: Who::Roles(&[DepartmentLead, Handler]),
        because: "认领：时限和职责仍属承办单位",
    },
    Move {
        from: WITH_UNIT,
        act: Act::ShowClaim,
        to: &[],
        by: Who::Roles(&[DepartmentLead, Handler]),
        because: "认领方反馈，须有佐证",
    },
    Move {
        from: WITH_UNIT,
        act: Act::DropClaim,
        to: &[],
        by: Who::Roles(&[DepartmentLead, Handler, Dispatcher]),
        because: "放弃或终止认领，须有理由",
    },
    Move {
        from: WITH_UNIT,
        act: Act::LapseClaim,
        to: &[],
        by: Who::Program,
        because: "认领后逾期未反馈，认领失效",
    },
    Move {
        from: GOING,
        act: Act::ChangeUnit,
        to: &[],
        by: Who::Program,
        because: "机构调整：在办案件随职责转移",
    },
];

/// A clock that runs in a state, and the move that the program makes when it runs out.
#[derive(Debug, Clone, Copy)]
pub struct Timer {
    /// The state in which it runs.
    pub state: State,
    /// The move when it runs out.
    pub exit: Act,
}

/// The timers of tasks and of pauses. (The handling deadline moves nothing: it turns a light and counts in the evaluation.)
pub const TIMERS: &[Timer] = &[
    Timer {
        state: S::PendingVerify,
        exit: Act::LapseVerify,
    },
    Timer {
        state: S::Suspended,
        exit: Act::LapseSuspension,
    },
    Timer {
        state: S::Waiting,
        exit: Act::LapseWaiting,
    },
    Timer {
        state: S::PendingCheck,
        exit: Act::LapseCheck,
    },
];

/// The row for an act in a state (`None` = no case yet).
pub fn find(state: Option<State>, act: Act) -> Option<&'static Move> {
    MOVES
        .iter()
        .find(|m| m.act == act && state.map_or(m.from.is_empty(), |s| m.from.contains(&s)))
}

/// Proves that the table is sound: every state reachable, every state that is not final has a way out made by people
/// on which a final state is reached, every timer has an exit made by the program, and no two rows say different things.
///
/// # Errors
/// The first flaw, in words.
pub fn prove(moves: &[Move], timers: &[Timer]) -> Result<(), String> {
    let mut reached: BTreeSet<State> = moves
        .iter()
        .filter(|m| m.from.is_empty())
        .flat_map(|m| m.to)
        .copied()
        .collect();
    loop {
        let before = reached.len();
        for m in moves {
            if m.from.iter().any(|s| reached.contains(s)) {
                reached.extend(m.to);
            }
        }
        if reached.len() == before {
            break;
        }
    }
    if let Some(state) = State::ALL.iter().find(|s| !reached.contains(s)) {
        return Err(format!("state {state} cannot be reached"));
    }
    // Backwards from the final states, by people's moves only: nobody may have to wait for a timer or an importer.
    let mut ends: BTreeSet<State> = State::ALL
        .iter()
        .copied()
        .filter(|s| s.is_final())
        .collect();
    loop {
        let before = ends.len();
        for m in moves.iter().filter(|m| m.by != Who::Program) {
            if m.to.iter().any(|s| ends.contains(s)) {
                ends.extend(m.from);
            }
        }
        if ends.len() == before {
            break;
        }
    }
    if let Some(state) = State::ALL.iter().find(|s| !ends.contains(s)) {
        return Err(format!("state {state} has no way to an end"));
    }
    for timer in timers {
        let exit = moves
            .iter()
            .find(|m| m.act == timer.exit && m.from.contains(&timer.state));
        if exit.is_none_or(|m| m.by != Who::Program) {
            return Err(format!(
                "the timer of {} has no exit by the program",
                timer.state
            ));
        }
    }
    for (n, a) in moves.iter().enumerate() {
        for b in &moves[n + 1..] {
            if a.act == b.act
                && (a.from.is_empty() && b.from.is_empty()
                    || a.from.iter().any(|s| b.from.contains(s)))
            {
                return Err(format!("two rows say what {} does", a.act.as_str()));
            }
        }
    }
    let own = [DepartmentLead, Handler];
    for m in moves.iter().filter(|m| {
        matches!(
            m.act,
            Act::Close
                | Act::Check
                | Act::CallBack
                | Act::Verify
                | Act::EndorseExtension
                | Act::GrantExtension
                | Act::Suspend
                | Act::EndorseAppeal
                | Act::GrantAppeal
                | Act::GrantExclusion
        )
    }) {
        if let Who::Roles(roles) = m.by
            && roles.iter().any(|r| own.contains(r))
        {
            return Err(format!("a department may {} its own case", m.act.as_str()));
        }
    }
    Ok(())
}

/// The state diagram for the docs, in Mermaid, made from the table.
pub fn diagram() -> String {
    let mut lines = vec!["stateDiagram-v2".to_owned()];
    for m in MOVES.iter().filter(|m| m.act != Act::UpdateImport) {
        let by = match m.by {
            Who::Roles(roles) => roles
                .iter()
                .map(|r| r.as_str())
                .collect::<Vec<_>>()
                .join(", "),
            Who::Anybody => "anybody".to_owned(),
            Who::Program => "program".to_owned(),
        };
        for to in m.to {
            if m.from.is_empty() {
                lines.push(format!("    [*] --> {to}: {} ({by})", m.act.as_str()));
            }
            // A void is possible from anywhere; a line from every state would hide the rest.
            for from in m.from.iter().filter(|_| m.act != Act::Void) {
                lines.push(format!("    {from} --> {to}: {} ({by})", m.act.as_str()));
            }
        }
    }
    lines.extend(
        State::ALL
            .iter()
            .filter(|s| s.is_final())
            .map(|s| format!("    {s} --> [*]")),
    );
    lines.push(
        "    note right of voided: any state that is not final may be voided by the shift leader"
            .to_owned(),
    );
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sound() {
        prove(MOVES, TIMERS).unwrap();
    }

    #[test]
    fn the_proof_notices_a_state_without_an_end() {
        let without: Vec<Move> = MOVES
            .iter()
            .copied()
            .filter(|m| !matches!(m.act, Act::Rule | Act::Void))
            .collect();
        assert_eq!(
            prove(&without, TIMERS).unwrap_err(),
            "state coordinating has no way to an end"
        );
    }

    #[test]
    fn the_proof_notices_a_department_that_closes() {
        let mut moves = MOVES.to_vec();
        for m in &mut moves {
            if m.act == Act::Close {
                m.by = Who::Roles(&[Handler]);
            }
        }
        assert!(prove(&moves, TIMERS).is_err());
    }

    #[test]
    fn the_proof_notices_a_timer_without_an_exit() {
        let without: Vec<Move> = MOVES
            .iter()
            .copied()
            .filter(|m| m.act != Act::LapseCheck)
            .collect();
        assert!(prove(&without, TIMERS).is_err());
    }

    #[test]
    fn the_proof_notices_an_unreachable_state() {
        let without: Vec<Move> = MOVES
            .iter()
            .copied()
            .filter(|m| m.act != Act::ConfirmSelfHandling)
            .collect();
        assert!(
            prove(&without, TIMERS)
                .unwrap_err()
                .contains("self_handled")
        );
    }
}
