//! Names of an invented place: districts, streets, communities, roads, and what stands beside them. None is meant to be
//! any real one.

/// The city.
pub(crate) const CITY: (&str, &str) = ("示范市", "Shifan (sample city)");

/// Districts: name, English name.
pub(crate) const DISTRICTS: [(&str, &str); 3] = [
    ("云汀区", "Yunting District"),
    ("望溪区", "Wangxi District"),
    ("兰浦区", "Lanpu District"),
];

/// Streets, four a district: name, English name, communities.
pub(crate) const STREETS: [(&str, &str, [&str; 4]); 12] = [
    (
        "海棠街道",
        "Haitang Subdistrict",
        ["海棠里", "文昌", "小井", "南桥"],
    ),
    (
        "青石街道",
        "Qingshi Subdistrict",
        ["青石坊", "东塘", "钟楼", "书院"],
    ),
    (
        "梧桐街道",
        "Wutong Subdistrict",
        ["梧桐苑", "安和", "新丰", "槐荫"],
    ),
    (
        "白鹭街道",
        "Bailu Subdistrict",
        ["白鹭湾", "沙洲", "渔歌", "望江"],
    ),
    (
        "望山街道",
        "Wangshan Subdistrict",
        ["望山", "翠屏", "茶园", "松林"],
    ),
    (
        "柳湾街道",
        "Liuwan Subdistrict",
        ["柳湾", "荷风", "石埠", "双桥"],
    ),
    (
        "石桥街道",
        "Shiqiao Subdistrict",
        ["石桥", "北门", "丰乐", "古井"],
    ),
    (
        "春台街道",
        "Chuntai Subdistrict",
        ["春台", "朝阳里", "永宁", "锦绣"],
    ),
    (
        "松鹤街道",
        "Songhe Subdistrict",
        ["松鹤", "百草", "长庚", "福禄"],
    ),
    (
        "杏花街道",
        "Xinghua Subdistrict",
        ["杏花村", "桃源", "梨园", "麦香"],
    ),
    (
        "月池街道",
        "Yuechi Subdistrict",
        ["月池", "星河", "云栖", "临水"],
    ),
    (
        "渡口街道",
        "Dukou Subdistrict",
        ["渡口", "船坊", "盐仓", "新港"],
    ),
];

/// Roads from north to south, one for every two columns of the lattice: name, English name.
pub(crate) const AVENUES: [(&str, &str); 22] = [
    ("槐安路", "Huai'an Road"),
    ("银杏路", "Yinxing Road"),
    ("和顺路", "Heshun Road"),
    ("长堤路", "Changdi Road"),
    ("学士路", "Xueshi Road"),
    ("青松路", "Qingsong Road"),
    ("新茂路", "Xinmao Road"),
    ("三元路", "Sanyuan Road"),
    ("芳草路", "Fangcao Road"),
    ("宝带路", "Baodai Road"),
    ("崇文街", "Chongwen Street"),
    ("鼓楼路", "Gulou Road"),
    ("观澜路", "Guanlan Road"),
    ("广济路", "Guangji Road"),
    ("南屏路", "Nanping Road"),
    ("竹溪路", "Zhuxi Road"),
    ("枫林路", "Fenglin Road"),
    ("兴业路", "Xingye Road"),
    ("腾飞路", "Tengfei Road"),
    ("纺织路", "Fangzhi Road"),
    ("机电路", "Jidian Road"),
    ("东环路", "Donghuan Road"),
];

/// Roads from west to east, one for every two rows of the lattice: name, English name.
pub(crate) const CROSSROADS: [(&str, &str); 17] = [
    ("北苑街", "Beiyuan Street"),
    ("海棠街", "Haitang Street"),
    ("丁香街", "Dingxiang Street"),
    ("百花街", "Baihua Street"),
    ("春晖街", "Chunhui Street"),
    ("市府街", "Shifu Street"),
    ("文化街", "Wenhua Street"),
    ("仁和街", "Renhe Street"),
    ("平安街", "Ping'an Street"),
    ("沿河北路", "North River Road"),
    ("沿河南路", "South River Road"),
    ("太平街", "Taiping Street"),
    ("建设街", "Jianshe Street"),
    ("工农街", "Gongnong Street"),
    ("迎宾街", "Yingbin Street"),
    ("站前街", "Zhanqian Street"),
    ("南环街", "Nanhuan Street"),
];

/// What stands where people live.
pub(crate) const HOMES: [&str; 14] = [
    "幸福里小区北门",
    "锦华苑三号楼下",
    "安居小区西门",
    "机械厂家属院门口",
    "翠湖花园南门",
    "和美家园东侧",
    "老粮站家属楼旁",
    "康乐小区篮球场边",
    "金桂苑快递柜旁",
    "向阳楼前",
    "四季花城地库出口",
    "教工宿舍楼前",
    "丽景苑物业门口",
    "长青小区六号楼旁",
];
/// What stands where people shop.
pub(crate) const SHOPS: [&str; 12] = [
    "便民菜市场门口",
    "银座商场西侧",
    "步行街北口",
    "老字号面馆门前",
    "超市卸货口",
    "夜市入口",
    "药房门前",
    "手机卖场门口",
    "水果店对面",
    "早餐铺旁",
    "建材市场南门",
    "小商品城东门",
];
/// What stands where people work.
pub(crate) const WORKS: [&str; 6] = [
    "物流园西门",
    "汽修一条街",
    "纺织厂旧址旁",
    "产业园三号门",
    "仓储中心门口",
    "搅拌站路口",
];
/// What stands in the green.
pub(crate) const GREEN: [&str; 6] = [
    "街心公园东门",
    "湿地公园栈道",
    "体育公园跑道旁",
    "口袋公园凉亭边",
    "植物园停车场",
    "滨河绿道驿站",
];
/// What stands by the water.
pub(crate) const WATER: [&str; 5] = ["滨河步道", "亲水平台", "河堤台阶", "石拱桥下", "游船码头旁"];
/// What the public uses.
pub(crate) const CAMPUS: [&str; 8] = [
    "第二小学门口",
    "社区卫生服务中心门前",
    "实验中学南侧",
    "图书馆西侧",
    "政务服务中心门口",
    "儿童医院东门",
    "体育馆北广场",
    "老年大学门前",
];
