/*! LiveChat, frontend/dashboard, sources 70d7e1936b5ad4f18063e7f94104d7301e653abbd6796d08ce3250de10fb9c9d */
import{g as t}from"./dashboard-common.js?v=70d7e193";var e={search:"Search",contacts:"Contacts",visitors:"Visitors",settings:"Settings"};function o({route:s}){return t("main",{class:"page",id:"main",tabIndex:-1,children:t("h1",{children:e[s.page]})})}export{o as Page};
