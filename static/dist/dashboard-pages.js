/*! LiveChat, frontend/dashboard, sources e288cef2fa63c37196653f1bcdec9024c4d3181efbffe3f81b2729e8d22dd965 */
import{g as t}from"./dashboard-common.js?v=e288cef2";var e={search:"Search",contacts:"Contacts",visitors:"Visitors",settings:"Settings"};function o({route:s}){return t("main",{class:"page",id:"main",tabIndex:-1,children:t("h1",{children:e[s.page]})})}export{o as Page};
