// Made by tools/words.mjs (npm run api) from errors.toml: do not edit.
import type { ProblemWords } from "./en-errors";

export const deErrors: ProblemWords = {
  "unreachable": [
    "Der Server ist nicht erreichbar",
    "Läuft MediaFetcher? Die Dateien sind sicher."
  ],
  "age_limit": [
    "{site} verlangt eine Altersprüfung",
    "Cookies eines angemeldeten Kontos senden, dann erneut versuchen."
  ],
  "untrusted_certificate": [
    "Das Zertifikat ist nicht vertrauenswürdig: {site}",
    "Stammt es von einer eigenen Zertifizierungsstelle, gehört deren Datei in MEDIAFETCHER_CA_FILE."
  ],
  "password_required": [
    "{site} verlangt Name und Passwort",
    "Den Link damit hinzufügen: https://name:passwort@host/pfad. Beides wird verschlüsselt gespeichert und nicht angezeigt."
  ],
  "unusual_extension": [
    "Diese Art von Datei wird aus Sicherheitsgründen abgelehnt",
    "Der Dateiname hat eine ungewöhnliche Endung. Die Datei selbst speichern, dann importieren."
  ],
  "unsupported_codec": [
    "FFmpeg kann diese Datei nicht dekodieren",
    "Für das Bild oder den Ton fehlt ein Decoder. Um die Datei unverändert zu speichern, das Original behalten."
  ],
  "referer_required": [
    "{site} gibt diese Datei nur Besuchern der eigenen Seiten",
    "Stattdessen die Adresse der Seite hinzufügen, auf der sie abgespielt wird."
  ],
  "login_required": [
    "{site} verlangt eine Anmeldung",
    "Die Cookies dieser Website senden, dann erneut versuchen."
  ],
  "members_only": [
    "Das ist nur für Mitglieder",
    "Die Cookies eines Kontos mit Zugang senden, dann erneut versuchen: {site}."
  ],
  "site_forbids": [
    "{site} verweigert den Zugriff auf diesen Link",
    "Vielleicht sind Cookies eines Kontos nötig, oder die IP-Adresse dieses Servers ist gesperrt."
  ],
  "network": [
    "{site} war nicht erreichbar",
    "Verbindung prüfen, dann erneut versuchen."
  ],
  "proxy_failed": [
    "Der Proxy verbindet nicht: {site}",
    "Er muss CONNECT zu den Ports 80 und 443 erlauben; es wird automatisch erneut versucht."
  ],
  "rate_limited": [
    "{site} begrenzt Downloads",
    "Eine Weile warten, dann erneut versuchen."
  ],
  "server_error": [
    "{site} meldet einen internen Fehler",
    "Das geht meist vorbei. Später erneut versuchen."
  ],
  "stalled": [
    "Der Download erhielt zu lange keine Daten",
    "Ein neuer Versuch macht dort weiter, wo er stehen blieb."
  ],
  "truncated": [
    "Die Datei ist unvollständig",
    "Sie wird automatisch noch einmal geladen und behalten, wenn sie sich abspielen lässt."
  ],
  "cut_at_origin": [
    "Die Datei endet schon an der Quelle zu früh",
    "Nichts davon lässt sich abspielen: eine andere Kopie suchen."
  ],
  "conversion_loses": [
    "Eine Umwandlung kann nicht alles erhalten",
    "Bestätigen, oder die Datei lassen, wie sie ist."
  ],
  "parser_failed": [
    "Die Datei ließ sich innerhalb der Grenzen nicht lesen",
    "Sie ist vielleicht defekt, oder der Rechner ist überlastet. Später erneut versuchen."
  ],
  "crashed": [
    "Der Download wurde unerwartet beendet",
    "Erneut versuchen. Geschieht es wieder, hilft das Protokoll des Downloads."
  ],
  "unexpected_error": [
    "Ein unerwarteter Fehler hat diesen Download beendet",
    "Das Geladene bleibt erhalten. Erneut versuchen; hilft das nicht, nennt das Protokoll des Servers den Grund."
  ],
  "tool_killed": [
    "Das System hat FFmpeg vorzeitig beendet",
    "Vielleicht fehlte Arbeitsspeicher. Das Geladene bleibt erhalten: erneut versuchen."
  ],
  "runs_alone": [
    "MediaFetcher endete hierbei zweimal unerwartet",
    "Der Download läuft als Nächstes allein, um die Ursache zu finden."
  ],
  "kills_server": [
    "MediaFetcher endete hierbei jedes Mal unerwartet, auch allein",
    "Wurde der Server aus einem anderen Grund beendet: erneut versuchen, es geht beim Geladenen weiter. Sonst abbrechen."
  ],
  "unsupported_target": [
    "Diese Adresse kann nicht benachrichtigt werden",
    "Sie muss so aussehen wie in der Dokumentation: ntfy://…, webhook+https://…, jellyfin+http://…"
  ],
  "target_not_allowed": [
    "Diese Adresse liegt in einem privaten Netz",
    "Um sie zu erlauben, trägt ein Administrator ihren Namen auf dem Server in MEDIAFETCHER_ALLOW_HOSTS ein."
  ],
  "share_password": [
    "Dieser Link verlangt sein Passwort",
    "Es gilt mit jedem Benutzernamen."
  ],
  "too_many_targets": [
    "Davon gibt es schon zu viele",
    "Zuerst eines entfernen."
  ],
  "gone": [
    "Unter diesem Link wurde nichts gefunden",
    "Den Link zur Prüfung in einem Browser öffnen."
  ],
  "geo_blocked": [
    "Das ist in diesem Land nicht verfügbar",
    "Ein Proxy in einem anderen Land kann helfen. Er steht unter „Weitere Optionen“."
  ],
  "drm": [
    "Das ist durch DRM geschützt",
    "MediaFetcher kann es nicht herunterladen."
  ],
  "unsupported": [
    "Unter diesem Link wurde kein Video und kein Audio gefunden",
    "Die Adresse der Seite verwenden, auf der es läuft."
  ],
  "not_media": [
    "Die Datei ist weder Video noch Audio",
    "Den Link zur Prüfung in einem Browser öffnen."
  ],
  "too_large": [
    "Die Datei ist größer als erlaubt",
    "Eine niedrigere Qualität wählen, oder MEDIAFETCHER_MAX_FILE_SIZE auf dem Server erhöhen."
  ],
  "blocked_address": [
    "Diese Adresse liegt in einem privaten Netz",
    "Um sie zu erlauben, ihren Namen auf dem Server in MEDIAFETCHER_ALLOW_HOSTS eintragen."
  ],
  "transcode_failed": [
    "Die Datei konnte nicht umgewandelt werden",
    "Erneut versuchen, oder eine andere Qualität wählen."
  ],
  "extractor_broken": [
    "{site} hat sich geändert, und diese Version von yt-dlp kann dort nichts herunterladen",
    "Eine neuere Version von yt-dlp hilft meistens."
  ],
  "hostile": [
    "Die Website hat etwas Unsicheres versucht",
    "Der Download wurde beendet; nichts wurde behalten."
  ],
  "live_not_started": [
    "Dieser Stream hat noch nicht begonnen",
    "Die Aufnahme startet automatisch, sobald er beginnt."
  ],
  "live_not_ended": [
    "Dieser Stream läuft gerade",
    "Er wird heruntergeladen, wenn er zu Ende ist."
  ],
  "live_unsupported": [
    "Diese Art von Livestream kann nicht aufgenommen werden",
    "Erneut versuchen, sobald die Aufzeichnung verfügbar ist."
  ],
  "not_a_list": [
    "Dieser Link ist ein einzelnes Video",
    "Es lässt sich herunterladen, aber nicht abonnieren."
  ],
  "invalid_pattern": [
    "Das Muster ist kein regulärer Ausdruck",
    "Das Muster berichtigen und erneut versuchen."
  ],
  "already_followed": [
    "Dieser Link ist schon abonniert",
    "Stattdessen das bestehende Abo ändern."
  ],
  "unknown_list": [
    "Das ist keine Liste von Abonnements",
    "Senden Sie OPML, subscriptions.csv von YouTube Takeout oder einen Export von NewPipe oder FreeTube."
  ],
  "too_many_subscriptions": [
    "Es gibt zu viele Abos",
    "Zuerst eines beenden."
  ],
  "is_playlist": [
    "Dieser Link ist eine Playlist",
    "Als Playlist herunterladen, oder den Link eines einzelnen Videos verwenden."
  ],
  "bad_clip": [
    "Der Ausschnitt beginnt nach dem Ende des Videos",
    "Einen früheren Anfang wählen."
  ],
  "media_offline": [
    "Der Medienordner ist nicht verfügbar",
    "Ist die Freigabe eingehängt? Downloads warten, und die Dateien sind sicher."
  ],
  "disk_full": [
    "Der Medienordner ist voll",
    "Platz schaffen. Downloads gehen weiter, sobald genug frei ist."
  ],
  "quota_reserved": [
    "Laufende Downloads brauchen vielleicht das ganze Kontingent",
    "Dieser wartet, bis sie beendet sind."
  ],
  "outside_hours": [
    "Ihre Regel für {site} erlaubt Downloads nur zu bestimmten Uhrzeiten",
    "Dieser beginnt dann."
  ],
  "site_pace": [
    "Ihre Regel für {site} verlangt eine Pause zwischen Downloads",
    "Dieser beginnt danach."
  ],
  "same_source": [
    "Derselbe Link wird schon geladen",
    "Dieser Download wartet darauf."
  ],
  "site_busy": [
    "Es laufen so viele Downloads wie erlaubt: {site}",
    "Dieser wartet, bis er an der Reihe ist."
  ],
  "other_runs_alone": [
    "Ein anderer Download läuft allein, weil MediaFetcher dabei zweimal endete",
    "Dieser beginnt, wenn er endet."
  ],
  "slow_slots_busy": [
    "Es laufen so viele Downloads mit Tempolimit wie erlaubt",
    "Dieser beginnt, wenn einer davon endet."
  ],
  "conversion_busy": [
    "Wartet auf das Ende einer anderen Umwandlung",
    "Die Datei ist geladen und wird als Nächstes umgewandelt."
  ],
  "no_cookies_here": [
    "Kein arbeitender Rechner kann diese Cookies öffnen: {site}",
    "Der Download wartet auf den Server selbst."
  ],
  "media_read_only": [
    "In den Medienordner kann nicht geschrieben werden",
    "Einbindung und Rechte prüfen. Downloads warten."
  ],
  "store_frozen": [
    "Wem der Medienordner gehört, ist nicht entschieden",
    "Ein Administrator entscheidet. Downloads warten; die Dateien sind sicher."
  ],
  "server_away": [
    "Der Server antwortet diesem Worker nicht",
    "Läuft er, und erreicht er den Medienordner? Der Download wartet."
  ],
  "database_away": [
    "Die Datenbank antwortet nicht",
    "Vielleicht startet sie neu. Die Dateien sind sicher."
  ],
  "away": [
    "Ein Teil des Servers ist nicht verfügbar",
    "Gleich noch einmal versuchen."
  ],
  "export_folder": [
    "Dieser Ordner enthält andere Dateien",
    "In einen leeren oder neuen Ordner exportieren."
  ],
  "export_busy": [
    "Ein anderer Server arbeitet an diesem Export",
    "In einer Minute erneut versuchen."
  ],
  "stopping": [
    "MediaFetcher wird beendet",
    "Erneut versuchen, sobald es wieder läuft."
  ],
  "invalid_url": [
    "Das ist kein gültiger Link",
    "Nötig ist eine vollständige Adresse mit http:// oder https://."
  ],
  "unsupported_scheme": [
    "Nur Links mit http:// und https:// werden unterstützt",
    ""
  ],
  "weak_password": [
    "Dieses Passwort ist zu leicht zu erraten",
    "8 bis 128 Zeichen verwenden, und kein verbreitetes Passwort."
  ],
  "wrong_credentials": [
    "Name oder Passwort ist falsch",
    "Beides prüfen und erneut versuchen."
  ],
  "not_signed_in": [
    "Die Anmeldung ist abgelaufen",
    "Bitte erneut anmelden."
  ],
  "setup_code": [
    "Der Einmalcode ist falsch",
    "Der Befehl „mediafetcher setup“ auf dem Server zeigt den aktuellen an."
  ],
  "no_browser": [
    "Es ließ sich kein Browser starten",
    "Die Adresse des Servers in einem Browser öffnen."
  ],
  "not_running": [
    "MediaFetcher läuft nicht in diesem Zustandsordner",
    ""
  ],
  "one_time_link": [
    "Dieser Link gilt nicht mehr",
    "Den Befehl „mediafetcher“ noch einmal eingeben."
  ],
  "setup_closed": [
    "Dieser Server ist schon eingerichtet",
    "Mit dem vorhandenen Konto anmelden."
  ],
  "too_slow": [
    "Die Anfrage hat zu lange gedauert",
    "Verbindung prüfen und erneut versuchen."
  ],
  "too_many_requests": [
    "Zu viele Versuche",
    "Eine Minute warten, dann erneut versuchen."
  ],
  "name_taken": [
    "Dieser Name ist schon vergeben",
    "Einen anderen Namen wählen."
  ],
  "last_admin": [
    "Das ist der letzte Administrator",
    "Zuerst einen anderen Benutzer zum Administrator machen."
  ],
  "wrong_state": [
    "Das ist nicht mehr möglich",
    "Der Zustand hat sich inzwischen geändert."
  ],
  "not_found": [
    "Das gibt es nicht mehr",
    ""
  ],
  "forbidden": [
    "Dafür fehlt das Recht",
    ""
  ],
  "conflict": [
    "Das widerspricht vorhandenen Daten",
    "Die Seite neu laden und erneut versuchen."
  ],
  "invalid": [
    "Der Server konnte die Anfrage nicht lesen",
    "Die Eingabe prüfen."
  ],
  "refused": [
    "Der Server hat die Anfrage abgelehnt",
    ""
  ],
  "cross_site": [
    "Die Anfrage kam von einer anderen Website und wurde abgewiesen",
    "Diese Seite neu laden."
  ],
  "wrong_host": [
    "Der Server kennt diese Adresse nicht",
    "Um sie zu erlauben, ihren Namen in MEDIAFETCHER_HOST_NAMES oder unter Einstellungen → Grenzen eintragen."
  ],
  "body_too_large": [
    "Die Anfrage ist zu groß",
    "Weniger auf einmal senden."
  ],
  "method_not_allowed": [
    "Diese Seite ist veraltet",
    "Diese Seite neu laden."
  ],
  "not_json": [
    "Diese Seite ist veraltet",
    "Diese Seite neu laden."
  ],
  "bad_cookies": [
    "Das sind keine Cookies dieser Website",
    "Sie als cookies.txt exportieren oder die Erweiterung verwenden."
  ],
  "plain_http": [
    "Cookies können nicht über unverschlüsseltes HTTP gesendet werden",
    "Die Erweiterung verwenden, diese Seite über HTTPS öffnen, oder sie auf dem Server selbst einfügen."
  ],
  "not_paired": [
    "Dieses Gerät ist nicht gekoppelt",
    "Unter Einstellungen → Geräte erneut koppeln."
  ],
  "pairing_code": [
    "Der Kopplungscode ist falsch, schon benutzt oder abgelaufen",
    "Unter Einstellungen → Geräte einen neuen erstellen."
  ],
  "replayed": [
    "Diese Nachricht ist schon angekommen",
    "Von der Erweiterung aus erneut senden."
  ],
  "sealed_box": [
    "Die verschlüsselte Nachricht ist nicht lesbar",
    "Das Gerät erneut koppeln."
  ],
  "clock": [
    "Die Uhr des Geräts geht falsch",
    "Die Uhren von Gerät und Server stellen, dann erneut versuchen."
  ],
  "never_again": [
    "Dieser Link ist für Downloads gesperrt",
    "Zum Herunterladen bei seinem Eintrag „Herunterladen wieder erlauben“ wählen, oder „mediafetcher never --undo“ mit dem Link ausführen."
  ],
  "quota_exceeded": [
    "Das Speicherkontingent ist aufgebraucht",
    "Einträge löschen und den Papierkorb leeren, oder einen Administrator um ein größeres Kontingent bitten."
  ],
  "no_room": [
    "Nicht genug freier Platz für diesen Download",
    "Er wartet, bis andere Downloads enden oder Platz frei wird."
  ],
  "already_running": [
    "MediaFetcher läuft schon",
    "Die andere Instanz beenden, oder einen anderen Zustandsordner verwenden."
  ],
  "port_in_use": [
    "Der Port ist schon belegt",
    "Mit --port einen anderen wählen."
  ],
  "bad_setting": [
    "Eine Einstellung des Servers ist ungültig",
    "Die Konfiguration des Servers prüfen."
  ],
  "state_folder": [
    "Der Zustandsordner ist nicht verwendbar",
    "Seine Rechte prüfen, oder mit --state einen anderen wählen."
  ],
  "database_moved": [
    "Die Datenbank ist auf einen anderen Server umgezogen",
    "MEDIAFETCHER_DATABASE_URL auf die neue Adresse setzen."
  ],
  "target_not_empty": [
    "Die Zieldatenbank ist nicht leer",
    "Eine leere wählen. Nichts wurde geändert."
  ],
  "no_postgres": [
    "PostgreSQL ist nicht installiert",
    "Installieren, oder mit --database-url einen eigenen Server nennen."
  ],
  "older_schema": [
    "Die Datenbank ist älter als diese Version von MediaFetcher",
    "Zuerst den Server mit dieser Version starten. Er aktualisiert die Datenbank."
  ],
  "newer_schema": [
    "Die Datenbank stammt von einem neueren MediaFetcher",
    "Diese Version installieren, oder eine ältere Sicherung wiederherstellen."
  ],
  "backup_failed": [
    "Die Sicherung konnte nicht erstellt werden",
    "Das Protokoll des Servers nennt den Grund."
  ],
  "restore_failed": [
    "Die Sicherung konnte nicht wiederhergestellt werden",
    "Die Datenbank ist unverändert."
  ],
  "backup_damaged": [
    "Das ist keine Sicherung, oder sie ist beschädigt",
    "Eine andere Datei verwenden."
  ],
  "nothing_to_rebuild": [
    "Es gibt weder Sicherung noch Journal für einen Neuaufbau",
    "Den Medienordner der Mediathek angeben."
  ],
  "library_not_empty": [
    "In diesem Zustandsordner gibt es schon eine Mediathek",
    "Einen leeren angeben. Nichts wurde geändert."
  ],
  "rebuild_unfinished": [
    "Ein Neuaufbau dieser Mediathek wurde unterbrochen",
    "Den Befehl „mediafetcher rebuild“ noch einmal ausführen."
  ],
  "no_service_manager": [
    "Dieser Rechner hat weder OpenRC noch systemd",
    "„mediafetcher serve“ mit seinem eigenen Dienstverwalter starten."
  ],
  "service_failed": [
    "Der Dienst konnte nicht angelegt werden",
    "Das Protokoll des Servers nennt den Grund."
  ],
  "index_away": [
    "Der Paketindex ist nicht erreichbar",
    "Später erneut versuchen."
  ],
  "update_refused": [
    "Die neue Version von yt-dlp hat die Prüfung nicht bestanden",
    "Die aktuelle Version bleibt in Gebrauch."
  ],
  "nothing_offered": [
    "Es gibt keine neuere Version von yt-dlp",
    "Sie ist schon in Gebrauch, oder sie hat nicht geholfen."
  ],
  "nothing_before": [
    "Es gibt keine frühere Version von yt-dlp",
    ""
  ],
  "pinned_setting": [
    "Diese Einstellung wurde beim Start des Servers festgelegt",
    "In der Umgebung oder den Optionen des Servers ändern."
  ],
  "site_paused": [
    "{site} begrenzt Downloads",
    "Nach einer Pause gehen sie automatisch weiter."
  ],
  "usage": [
    "Dieser Befehl ist ungültig",
    "Mit --help zeigt er seine Optionen."
  ],
  "problem": [
    "Etwas ist schiefgegangen",
    "Das Protokoll des Servers nennt Einzelheiten."
  ],
  "internal": [
    "Etwas ist schiefgegangen",
    "Das Protokoll des Servers nennt Einzelheiten."
  ]
};
