//! Chinese as written in Taiwan.

use super::{DefaultTexts, HoldTexts, Language, Moment, When, of_week};

pub(super) static CHINESE: Language = Language {
    code: "zh-TW",
    name: "繁體中文",
    stop: &[
        "stop",
        "停止",
        "停止訂閱",
        "停止通知",
        "取消",
        "取消訂閱",
        "取消通知",
        "退訂",
        "不要再傳",
        "不要再傳了",
        "不要再傳訊息",
        "不要再發",
        "不要通知",
        "不想收到",
        "不想再收到",
        "不想收到通知",
        "别再发了",
        "退订",
        "取消订阅",
    ],
    human: &[
        "人工",
        "人工客服",
        "真人",
        "真人客服",
        "客服",
        "找客服",
        "找真人",
        "轉人工",
        "轉接客服",
        "我要找客服",
        "我要找真人",
        "我要真人",
        "店員",
        "找店員",
    ],
    delete: &[
        "刪除",
        "刪除資料",
        "刪除我的資料",
        "刪除我的個資",
        "請刪除我的資料",
        "忘記我",
        "删除我的数据",
    ],
    greetings: &[
        "你好", "您好", "嗨", "哈囉", "哈摟", "早", "早安", "午安", "晚安", "安安", "請問", "在嗎",
    ],
    thanks: &[
        "謝謝",
        "謝謝你",
        "謝謝您",
        "感謝",
        "感謝您",
        "感恩",
        "多謝",
        "好",
        "好的",
        "好喔",
        "好的謝謝",
        "好的,謝謝",
        "好,謝謝",
        "了解",
        "知道了",
        "ok",
        "收到",
    ],
    texts: DefaultTexts {
        welcome: "{first_name}，您好！歡迎來到{page}。我是自動小幫手，有問題儘管問；\
                  我不會的，會由專人為您服務。",
        instant: "{first_name}，您好！謝謝您傳訊息給{page}。我是自動小幫手，能回答的會馬上回覆您。\
                  專人回覆時間：{wait}。",
        away: "我們現在休息中，下次營業時間：{next_open|很快}，到時會盡快回覆您。",
        fallback: "不好意思，這個問題我還不會回答。請選擇下面的選項，或請專人為您服務。",
        offer: "您想問的是下面哪一個呢？",
        human: "已經為您通知專人，回覆時間：{wait}。在那之前我先不打擾您。",
        stopped: "好的，之後不會再傳通知給您。有需要歡迎隨時傳訊息給我們。",
        opted_in: "謝謝您！有「{topic|最新消息}」時會通知您。想停止時，隨時輸入「取消訂閱」即可。",
        deleted: "好的，我們已經刪除您的資料。",
        human_button: "真人客服",
    },
    holds: HoldTexts {
        no_consent: "沒有這個主題的有效同意。",
        person_talking: "目前有真人在這個對話中回覆。",
        daily: "這個主題承諾每天最多一則。",
        weekly: "這個主題承諾每週最多一則。",
        monthly: "這個主題承諾每月最多一則。",
        window_closed: "24 小時的訊息時段已關閉。",
        token_ended: "通知權杖已失效。",
        no_token: "Meta 沒有提供通知權杖。",
        not_before: "Meta 還不接受下一則。",
        no_text: "這則通知沒有文字。",
        withdrawn: "這則通知已不在 shop.toml 裡。",
        too_late: "來不及準時送出。",
        wrong_day: "這一天不能使用定期通知。",
        wrong_channel: "這個管道不能使用定期通知。",
        wrong_purpose: "定期通知不能用於消息與優惠。",
        country_unknown: "shop.toml 沒有寫國家，因此定期通知暫停。",
        wrong_country: "這個國家不能使用定期通知。",
        too_new: "只有 2025 年 9 月以前就在發送的應用程式才能使用定期通知。",
    },
    soon: "很快",
    sometime: "我們會盡快",
    closed_today: "公休",
    all_day: "24 小時",
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
