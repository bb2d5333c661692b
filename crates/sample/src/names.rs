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

/// A street: name, English name, communities with theirs.
type Street = (
    &'static str,
    &'static str,
    [(&'static str, &'static str); 4],
);

/// Streets, four a district.
pub(crate) const STREETS: [Street; 12] = [
    (
        "海棠街道",
        "Haitang Subdistrict",
        [
            ("海棠里", "Haitangli"),
            ("文昌", "Wenchang"),
            ("小井", "Xiaojing"),
            ("南桥", "Nanqiao"),
        ],
    ),
    (
        "青石街道",
        "Qingshi Subdistrict",
        [
            ("青石坊", "Qingshifang"),
            ("东塘", "Dongtang"),
            ("钟楼", "Zhonglou"),
            ("书院", "Shuyuan"),
        ],
    ),
    (
        "梧桐街道",
        "Wutong Subdistrict",
        [
            ("梧桐苑", "Wutongyuan"),
            ("安和", "Anhe"),
            ("新丰", "Xinfeng"),
            ("槐荫", "Huaiyin"),
        ],
    ),
    (
        "白鹭街道",
        "Bailu Subdistrict",
        [
            ("白鹭湾", "Bailuwan"),
            ("沙洲", "Shazhou"),
            ("渔歌", "Yuge"),
            ("望江", "Wangjiang"),
        ],
    ),
    (
        "望山街道",
        "Wangshan Subdistrict",
        [
            ("望山", "Wangshan"),
            ("翠屏", "Cuiping"),
            ("茶园", "Chayuan"),
            ("松林", "Songlin"),
        ],
    ),
    (
        "柳湾街道",
        "Liuwan Subdistrict",
        [
            ("柳湾", "Liuwan"),
            ("荷风", "Hefeng"),
            ("石埠", "Shibu"),
            ("双桥", "Shuangqiao"),
        ],
    ),
    (
        "石桥街道",
        "Shiqiao Subdistrict",
        [
            ("石桥", "Shiqiao"),
            ("北门", "Beimen"),
            ("丰乐", "Fengle"),
            ("古井", "Gujing"),
        ],
    ),
    (
        "春台街道",
        "Chuntai Subdistrict",
        [
            ("春台", "Chuntai"),
            ("朝阳里", "Chaoyangli"),
            ("永宁", "Yongning"),
            ("锦绣", "Jinxiu"),
        ],
    ),
    (
        "松鹤街道",
        "Songhe Subdistrict",
        [
            ("松鹤", "Songhe"),
            ("百草", "Baicao"),
            ("长庚", "Changgeng"),
            ("福禄", "Fulu"),
        ],
    ),
    (
        "杏花街道",
        "Xinghua Subdistrict",
        [
            ("杏花村", "Xinghuacun"),
            ("桃源", "Taoyuan"),
            ("梨园", "Liyuan"),
            ("麦香", "Maixiang"),
        ],
    ),
    (
        "月池街道",
        "Yuechi Subdistrict",
        [
            ("月池", "Yuechi"),
            ("星河", "Xinghe"),
            ("云栖", "Yunqi"),
            ("临水", "Linshui"),
        ],
    ),
    (
        "渡口街道",
        "Dukou Subdistrict",
        [
            ("渡口", "Dukou"),
            ("船坊", "Chuanfang"),
            ("盐仓", "Yancang"),
            ("新港", "Xingang"),
        ],
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
