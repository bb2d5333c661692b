//! What people write: reports, reasons, results. Every sentence is put together here; none was written by anybody.

use crate::classes::{Entry, Work};
use crate::land::Spot;
use crate::luck::Luck;
use crate::plan::Channel;

/// A place in words: the address of the case, and how a report speaks of it.
pub(crate) struct Whereabouts {
    pub address: String,
    pub spoken: String,
    pub spoken_en: String,
}

pub(crate) fn whereabouts(spot: &Spot, luck: &mut Luck) -> Whereabouts {
    let [avenue, crossroad] = spot.roads;
    let number = 1 + luck.below(398);
    let landmark = luck.pick(spot.ground.landmarks());
    let (road, road_en) = if luck.chance(0.5) { avenue } else { crossroad };
    let (address, spoken, spoken_en) = match luck.below(4) {
        0 => (
            format!("{}与{}交叉口", avenue.0, crossroad.0),
            format!("{}与{}路口", avenue.0, crossroad.0),
            format!("at the corner of {} and {}", avenue.1, crossroad.1),
        ),
        1 => (
            format!("{road}{number}号附近"),
            format!("{road}{number}号附近"),
            format!("near {number} {road_en}"),
        ),
        2 => (
            format!("{road}{landmark}"),
            format!("{road}{landmark}"),
            format!("on {road_en}"),
        ),
        _ => (
            format!("{road}{number}号{landmark}"),
            format!("{road}{landmark}"),
            format!("outside {number} {road_en}"),
        ),
    };
    Whereabouts {
        address,
        spoken,
        spoken_en,
    }
}

/// An address with what stands beside it, unless it says so already.
pub(crate) fn more_exactly(address: &str, beside: &str) -> String {
    if address.contains(beside) {
        address.to_owned()
    } else {
        format!("{address}（{beside}）")
    }
}

/// The text of a report.
pub(crate) fn report(
    entry: &Entry,
    seen: &str,
    place: &Whereabouts,
    channel: Channel,
    in_english: bool,
    luck: &mut Luck,
) -> String {
    if in_english {
        let mut what = entry.seen_en.to_owned();
        if let Some(first) = what.get(..1) {
            what = first.to_uppercase() + &what[1..];
        }
        let ask = luck.pick(&[
            "Please have a look.",
            "Could somebody deal with this?",
            "It has been like this for days.",
            "Thank you.",
        ]);
        return format!("{what} {}. {ask}", place.spoken_en);
    }
    // A crossing is not said twice.
    let spoken = if seen.starts_with("路口") {
        place.spoken.trim_end_matches("路口")
    } else {
        place.spoken.as_str()
    };
    let said = format!("{spoken}{seen}");
    let since = since(entry, luck);
    match channel {
        Channel::Patrol => match luck.below(4) {
            0 => format!("巡查发现{said}。"),
            1 => format!("{said}，需要处置。"),
            2 => format!("例行巡查：{said}。"),
            _ => format!("{said}。"),
        },
        Channel::Video => format!("视频巡查发现{said}。"),
        Channel::Sensor => format!("监测设备告警，经复核：{said}。"),
        Channel::Inspection => format!("督查发现{said}，请限期处理。"),
        Channel::Leader => format!("领导调研时发现{said}，请核实办理。"),
        Channel::Media => format!("媒体反映：{said}{since}，请核实。"),
        Channel::Hotline => format!("市民来电反映：{said}{}{}。", since, luck.pick(&ASKED)),
        Channel::Visit => format!("来访居民反映：{said}{}{}。", since, luck.pick(&ASKED)),
        Channel::Web | Channel::Open311 => {
            let impact = if luck.chance(0.45) {
                *luck.pick(impacts(entry.work))
            } else {
                ""
            };
            format!(
                "{}{said}{}{impact}{}",
                luck.pick(&OPENINGS),
                since,
                luck.pick(&ASKS)
            )
        }
    }
}

const OPENINGS: [&str; 9] = [
    "",
    "",
    "",
    "你好，",
    "反映一下，",
    "请帮忙看看，",
    "住附近的居民，想说一下，",
    "早上路过看到，",
    "又来反映了，",
];
const SINCE: [&str; 7] = [
    "",
    "",
    "，已经三天了",
    "，从昨晚开始的",
    "，有一个多星期了",
    "，每天都这样",
    "，今天早上发现的",
];
const SINCE_REPAIR: [&str; 2] = ["，前几天修过又坏了", "，反映过一次没人来"];

/// Since when, as far as that makes sense of what is reported.
fn since(entry: &Entry, luck: &mut Luck) -> &'static str {
    if entry.code.starts_with('O') {
        return "";
    }
    if entry.code.starts_with('C') && luck.chance(0.15) {
        return SINCE_REPAIR[luck.below(SINCE_REPAIR.len())];
    }
    SINCE[luck.below(SINCE.len())]
}
const ASKED: [&str; 6] = [
    "，希望尽快处理",
    "，请相关部门核实",
    "，要求告知处理结果",
    "，希望安排人员到场",
    "，请协调解决",
    "，不需要回电",
];
const ASKS: [&str; 8] = [
    "，请尽快处理。",
    "，麻烦安排人看看。",
    "，谢谢！",
    "，希望早点修好。",
    "。",
    "，拜托了！",
    "，什么时候能解决？",
    "，请派人到现场看一下。",
];

fn impacts(work: Work) -> &'static [&'static str] {
    match work {
        Work::Order | Work::Bikes | Work::Traffic => &[
            "，走路只能绕到机动车道上",
            "，高峰期堵得厉害",
            "，推婴儿车根本过不去",
        ],
        Work::Sanitation => &["，天一热味道特别大", "，苍蝇很多", "，路过都要捂鼻子"],
        Work::Roads | Work::Telecom | Work::Power => {
            &["，晚上很容易摔跤", "，骑车经过很危险", "，已经有老人绊倒过"]
        }
        Work::Greening => &["，刮风的时候很吓人", "，散步的人都绕着走"],
        Work::Water => &[
            "，做饭洗漱都成问题",
            "，水白白流走太可惜",
            "，一楼商户没法营业",
        ],
        Work::Drains => &["，一楼都不敢开窗", "，一下雨就更严重"],
        Work::Gas => &["，大家都很担心", "，不敢靠近"],
        Work::Building | Work::Ecology => &["，家里有小孩，睡不好", "，窗户一直不敢开"],
        Work::Street => &["，楼里老人多，很不方便", "，担心出事"],
    }
}

/// Why a report is not accepted.
pub(crate) const NOT_ACCEPTED: [&str; 6] = [
    "经现场核实未发现所反映问题",
    "所反映事项不属于城市管理受理范围，已告知咨询渠道",
    "地点描述不清，且无法进一步了解",
    "问题已自行消除",
    "该事项已在办理中，不重复受理",
    "属于邻里协商事项，已转社区协调",
];
/// What the desk answers itself.
pub(crate) const ANSWERED: [&str; 3] = [
    "该路段今日有计划检修，十八时前恢复，已向您说明。",
    "办理时间为工作日九时至十七时，地址和所需材料已告知。",
    "相关规定已公布在市政府网站，查询方法已告知。",
];
/// Why a case is not registered.
pub(crate) const NOT_REGISTERED: [&str; 3] = [
    "未达到立案条件",
    "现场已恢复，无须处置",
    "权属单位正在实施同一工程，不另立案",
];
/// Why a case is voided.
pub(crate) const VOIDED: [&str; 3] = [
    "误报，现场无此问题",
    "测试上报，予以作废",
    "坐标有误且无法更正",
];
/// Why the clock stands still for a while.
pub(crate) const SUSPENDED: &str = "权属单位正在核对，需等确权后安排施工";
/// What only whoever reported can say.
pub(crate) const QUESTION: &str = "现场没有找到，请补充具体位置或附近的标志物";
/// Why a void is refused.
pub(crate) const VOID_REFUSED: &str = "现场情况属实，继续办理";
/// Why a unit returns a case.
pub(crate) const RETURNED: [&str; 6] = [
    "经核对，该设施权属不在我单位",
    "现场位置不在我单位养护范围内",
    "该路段尚未移交，请重新派遣",
    "所涉管线属其他产权单位",
    "属于施工单位责任期，请派建设主管部门",
    "事项类别与我单位职责不符",
];
/// Why a coordinator rules.
pub(crate) const RULED: [&str; 3] = [
    "经现场会商，按权责清单由该单位承办",
    "按首接负责原则确定承办单位",
    "权属资料已核对，由养护单位先行处置",
];
/// What a verification says.
pub(crate) const VERIFIED: [&str; 4] = [
    "到场核实，情况属实",
    "现场与反映一致",
    "属实，需要处理",
    "已到现场，问题存在",
];
/// What a verification says that found nothing of the kind.
pub(crate) const DISPROVED: [&str; 3] = [
    "到场查看，未见所述问题",
    "现场已恢复正常",
    "反映位置情况与描述不符",
];
/// What a verification says that did not find the place.
pub(crate) const NOT_FOUND: [&str; 2] = ["按描述位置未找到问题点", "周边排查一圈未发现"];
/// What a check says.
pub(crate) const CHECK_PASSED: [&str; 4] = [
    "已到现场核查，处置到位",
    "现场恢复良好",
    "核查通过",
    "与处置前对比，问题已消除",
];
/// What a failed check says.
pub(crate) const CHECK_FAILED: [&str; 5] = [
    "处置不彻底，问题仍在",
    "现场只做了临时围挡，问题未解决",
    "与反馈描述不符",
    "处置后又出现同样问题",
    "周边未恢复原状",
];
/// What somebody who found it did on the spot.
pub(crate) const SELF_HANDLED: [&str; 5] = [
    "现场劝导后已整改",
    "随手清理完毕",
    "已当场摆放整齐",
    "已联系责任人当场清走",
    "现场已清扫干净",
];
/// A note in the file.
pub(crate) const NOTES: [&str; 4] = [
    "已电话催办承办单位",
    "承办单位答复：材料已订购，到货即更换",
    "请处置时注意交通组织",
    "与相邻路段一并处理",
];
/// What follows the result of a rework.
pub(crate) const AGAIN: &str = "返工处理完毕：";
