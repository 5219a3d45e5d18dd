import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "@/app/app";
import { detectLocale, loadWords } from "@/i18n";
import "./styles.css";

const locale = detectLocale();
const words = await loadWords(locale);
const place = document.getElementById("root");
if (place)
  createRoot(place).render(
    <StrictMode>
      <App locale={locale} words={words} />
    </StrictMode>,
  );
