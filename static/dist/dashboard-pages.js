/*! LiveChat, frontend/dashboard, sources d03a1c8eff55ddd091d9badc78b1cbdabb269e3d8ba475d7e2c564a3a4dd90f3 */
import{g as t}from"./dashboard-common.js?v=d03a1c8e";var e={search:"Search",contacts:"Contacts",visitors:"Visitors",settings:"Settings"};function o({route:s}){return t("main",{class:"page",id:"main",tabIndex:-1,children:t("h1",{children:e[s.page]})})}export{o as Page};
