//! Chinese as written on the mainland and in Singapore.

use super::{DefaultTexts, HoldTexts, Language, Moment, When, of_week};

pub(super) static CHINESE: Language = Language {
    code: "zh-CN",
    name: "简体中文",
    locales: &["zh_CN"],
    greeting: "{first_name}，您好！这里是{page}。自动助手会马上回复；不会的问题由专人回答。",
    stop: &[
        "stop",
        "停止",
        "停止订阅",
        "停止通知",
        "取消",
        "取消订阅",
        "取消通知",
        "退订",
        "td",
        "不要再发",
        "不要再发了",
        "别再发了",
        "不要再发消息",
        "不要通知",
        "不想收到",
        "不想再收到",
        "不想收到通知",
    ],
    human: &[
        "人工",
        "人工客服",
        "转人工",
        "转人工客服",
        "真人",
        "真人客服",
        "客服",
        "找客服",
        "找真人",
        "找人工",
        "我要人工",
        "我要找客服",
        "我要真人",
        "店员",
        "找店员",
    ],
    delete: &[
        "删除",
        "删除资料",
        "删除数据",
        "删除我的资料",
        "删除我的数据",
        "删除我的信息",
        "请删除我的资料",
        "请删除我的数据",
        "忘记我",
    ],
    greetings: &[
        "你好",
        "您好",
        "嗨",
        "哈喽",
        "早",
        "早上好",
        "上午好",
        "下午好",
        "晚上好",
        "在吗",
        "请问",
    ],
    thanks: &[
        "谢谢",
        "谢谢你",
        "谢谢您",
        "感谢",
        "感谢您",
        "多谢",
        "好",
        "好的",
        "好的谢谢",
        "好的,谢谢",
        "好,谢谢",
        "了解",
        "知道了",
        "明白了",
        "ok",
        "收到",
    ],
    texts: DefaultTexts {
        welcome: "{first_name}，您好！欢迎来到{page}。我是自动助手，有问题请尽管问；\
                  我答不上来的，会有专人为您服务。",
        instant: "{first_name}，您好！感谢您联系{page}。我是自动助手，能回答的会马上回复您。\
                  人工回复时间：{wait}。",
        away: "我们现在休息中，下次营业时间：{next_open|很快}，到时会尽快回复您。",
        fallback: "不好意思，这个问题我还不会回答。请选择下面的选项，或请专人为您服务。",
        offer: "您想问的是下面哪一个呢？",
        human: "已经为您通知专人，回复时间：{wait}。在那之前我先不打扰您。",
        stopped: "好的，之后不会再给您发通知。有需要欢迎随时联系我们。",
        opted_in: "谢谢您！有“{topic|最新消息}”时会通知您。想停止时，随时输入“退订”即可。",
        deleted: "好的，我们已经删除您的资料。",
        delete_ask: "确定要删除我们保存的所有关于您的资料吗？删除后无法恢复，通知也会一并停止。",
        delete_yes: "确定删除",
        delete_no: "不要删除",
        kept: "好的，没有删除任何资料。",
        delicate: "这件事由专人处理比较合适，已经为您通知专人，回复时间：{wait}。助手不会保存您的这条消息。",
        resume_button: "回到助手",
        resumed: "自动助手回来了，有问题请尽管问。",
        disclosure: "目前与您对话的是自动助手，不是真人。",
        human_button: "人工客服",
    },
    holds: HoldTexts {
        no_consent: "没有这个主题的有效同意。",
        person_talking: "目前有真人在这个对话中回复。",
        daily: "这个主题承诺每天最多一条。",
        weekly: "这个主题承诺每周最多一条。",
        monthly: "这个主题承诺每月最多一条。",
        window_closed: "24 小时的消息时段已关闭。",
        token_ended: "通知令牌已失效。",
        no_token: "Meta 没有提供通知令牌。",
        not_before: "Meta 还不接受下一条。",
        no_text: "这条通知没有文字。",
        withdrawn: "这条通知已不在 shop.toml 里。",
        too_late: "来不及准时发出。",
        wrong_day: "这一天不能使用定期通知。",
        wrong_channel: "这个渠道不能使用定期通知。",
        wrong_purpose: "定期通知不能用于消息与优惠。",
        country_unknown: "shop.toml 没有写国家，因此定期通知暂停。",
        wrong_country: "这个国家不能使用定期通知。",
        too_new: "只有 2025 年 9 月以前就在发送的应用才能使用定期通知。",
    },
    soon: "很快",
    sometime: "我们会尽快",
    closed_today: "休息",
    all_day: "24 小时",
    list_comma: "、",
    time,
    when,
};

const DAYS: [&str; 7] = ["星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期日"];

/// "上午 8:00": the part of the day, then twelve hours.
fn time(at: Moment) -> String {
    let part = match at.hour {
        0..=4 => "凌晨",
        5..=11 => "上午",
        12 => "中午",
        13..=17 => "下午",
        _ => "晚上",
    };
    let hour = match at.hour {
        0 => 12,
        13..=23 => at.hour.saturating_sub(12),
        hour => hour,
    };
    format!("{part} {hour}:{:02}", at.minute)
}

fn when(when: &When) -> String {
    match *when {
        When::Today(at) => format!("今天{}", time(at)),
        When::Tomorrow(at) => format!("明天{}", time(at)),
        When::Weekday(day, at) => format!("{}{}", of_week(DAYS, day), time(at)),
        When::Date(date, at) => {
            format!("{} 月 {} 日{}", date.month(), date.day(), time(at))
        }
    }
}
