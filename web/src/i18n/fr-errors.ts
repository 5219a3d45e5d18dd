// Made by tools/words.mjs (npm run api) from errors.toml: do not edit.
import type { ProblemWords } from "./en-errors";

export const frErrors: ProblemWords = {
  "unreachable": [
    "Impossible de joindre le serveur",
    "Vérifiez que MediaFetcher fonctionne. Vos fichiers sont intacts."
  ],
  "age_limit": [
    "{site} demande une vérification de l’âge",
    "Envoyez les cookies d’un compte connecté à {site}, puis réessayez."
  ],
  "untrusted_certificate": [
    "Le certificat de {site} n’est pas reconnu",
    "S’il vient de votre propre autorité de certification, indiquez son fichier dans MEDIAFETCHER_CA_FILE."
  ],
  "password_required": [
    "{site} demande un nom et un mot de passe",
    "Ajoutez le lien avec ceux-ci : https://nom:motdepasse@hôte/chemin. Ils sont chiffrés et ne sont pas affichés."
  ],
  "unusual_extension": [
    "Ce genre de fichier est refusé par sécurité",
    "Le nom du fichier a une fin inhabituelle. Enregistrez le fichier vous-même, puis importez-le."
  ],
  "unsupported_codec": [
    "FFmpeg ne peut pas décoder ce fichier",
    "Il n’a pas de décodeur pour sa vidéo ou son audio. Pour garder le fichier tel quel, conservez l’original."
  ],
  "referer_required": [
    "{site} ne donne ce fichier qu’aux visiteurs de ses propres pages",
    "Ajoutez plutôt l’adresse de la page où il est lu."
  ],
  "login_required": [
    "{site} exige une connexion",
    "Envoyez les cookies de {site}, puis réessayez."
  ],
  "members_only": [
    "Ce contenu est réservé aux membres",
    "Envoyez les cookies d’un compte de {site} qui y a accès, puis réessayez."
  ],
  "site_forbids": [
    "{site} a refusé l’accès à ce lien",
    "Les cookies d’un compte sont peut-être nécessaires, ou {site} bloque votre adresse IP."
  ],
  "network": [
    "Impossible de joindre {site}",
    "Vérifiez la connexion, puis réessayez."
  ],
  "proxy_failed": [
    "Le proxy ne se connecte pas à {site}",
    "Il doit autoriser CONNECT vers les ports 80 et 443 ; nouvel essai automatique."
  ],
  "rate_limited": [
    "{site} limite les téléchargements",
    "Attendez un moment, puis réessayez."
  ],
  "server_error": [
    "{site} a signalé une erreur interne",
    "Le problème est souvent passager. Réessayez un peu plus tard."
  ],
  "stalled": [
    "Le téléchargement n’a reçu aucune donnée pendant trop longtemps",
    "Réessayez pour continuer là où il s’est arrêté."
  ],
  "truncated": [
    "Le fichier est incomplet",
    "Il est récupéré une fois encore, puis gardé s'il est lisible."
  ],
  "cut_at_origin": [
    "Le fichier est coupé à l'origine",
    "Rien n'y est lisible : cherchez une autre copie."
  ],
  "conversion_loses": [
    "Une conversion ne peut pas tout garder",
    "Confirmez, ou laissez le fichier tel quel."
  ],
  "parser_failed": [
    "Le fichier n’a pas pu être lu dans ses limites",
    "Il est peut-être abîmé, ou la machine trop occupée. Réessayez plus tard."
  ],
  "crashed": [
    "Le téléchargement s’est arrêté de manière inattendue",
    "Réessayez. Si cela se reproduit, consultez le journal du téléchargement."
  ],
  "unexpected_error": [
    "Une erreur inattendue a arrêté ce téléchargement",
    "Ce qui a été récupéré est gardé. Réessayez ; si cela persiste, le journal du serveur dit pourquoi."
  ],
  "tool_killed": [
    "Le système a mis fin à FFmpeg avant l’heure",
    "La mémoire a pu manquer. Ce qui a été récupéré est gardé : réessayez."
  ],
  "runs_alone": [
    "MediaFetcher s’est arrêté deux fois de façon inattendue pendant ce téléchargement",
    "Il tournera seul la prochaine fois, pour trouver la cause."
  ],
  "kills_server": [
    "MediaFetcher s’est arrêté à chaque essai de ce téléchargement, même seul",
    "Si le serveur a été tué pour une autre raison, réessayez : il reprend où il en était. Sinon, annulez-le."
  ],
  "unsupported_target": [
    "Cette adresse ne peut pas être notifiée",
    "Écrivez-la comme dans la documentation : ntfy://…, webhook+https://…, jellyfin+http://…"
  ],
  "target_not_allowed": [
    "Cette adresse est sur un réseau privé",
    "Pour l’autoriser, un administrateur ajoute son nom à MEDIAFETCHER_ALLOW_HOSTS sur le serveur."
  ],
  "share_password": [
    "Ce lien demande son mot de passe",
    "Donnez-le avec un nom quelconque."
  ],
  "too_many_targets": [
    "Il y en a déjà trop",
    "Retirez-en un d’abord."
  ],
  "gone": [
    "Rien trouvé à cette adresse",
    "Ouvrez le lien dans un navigateur pour le vérifier."
  ],
  "geo_blocked": [
    "Ce contenu n’est pas disponible dans votre pays",
    "Un proxy situé dans un autre pays peut aider. Indiquez-en un dans Plus d’options."
  ],
  "drm": [
    "Ce contenu est protégé par DRM",
    "MediaFetcher ne peut pas le télécharger."
  ],
  "unsupported": [
    "Aucune vidéo ni aucun son trouvé à cette adresse",
    "Utilisez l’adresse de la page où le média est lu."
  ],
  "not_media": [
    "Le fichier n’est ni une vidéo ni un son",
    "Ouvrez le lien dans un navigateur pour le vérifier."
  ],
  "too_large": [
    "Le fichier dépasse la taille maximale autorisée",
    "Choisissez une qualité inférieure, ou augmentez MEDIAFETCHER_MAX_FILE_SIZE sur le serveur."
  ],
  "blocked_address": [
    "Cette adresse se trouve sur un réseau privé",
    "Pour l’autoriser, ajoutez son nom à MEDIAFETCHER_ALLOW_HOSTS sur le serveur."
  ],
  "transcode_failed": [
    "Impossible de convertir le fichier",
    "Réessayez, ou choisissez une autre qualité."
  ],
  "extractor_broken": [
    "{site} a changé, et cette version de yt-dlp ne peut plus rien en télécharger",
    "Une version plus récente de yt-dlp suffit généralement."
  ],
  "hostile": [
    "Le site a tenté une action dangereuse",
    "Le téléchargement a été arrêté et rien n’a été conservé."
  ],
  "live_not_started": [
    "Ce direct n’a pas encore commencé",
    "L’enregistrement démarrera automatiquement avec le direct."
  ],
  "live_not_ended": [
    "C’est un direct",
    "Il sera téléchargé une fois terminé."
  ],
  "live_unsupported": [
    "Ce type de direct ne peut pas être enregistré",
    "Réessayez quand la rediffusion sera disponible."
  ],
  "not_a_list": [
    "Ce lien est une seule vidéo",
    "Téléchargez-la au lieu de la suivre."
  ],
  "invalid_pattern": [
    "Le motif n’est pas une expression régulière",
    "Corrigez le motif et réessayez."
  ],
  "already_followed": [
    "Vous suivez déjà ce lien",
    "Modifiez plutôt cet abonnement."
  ],
  "unknown_list": [
    "Ce n’est pas une liste d’abonnements",
    "Envoyez un fichier OPML, subscriptions.csv de YouTube Takeout, ou un export de NewPipe ou FreeTube."
  ],
  "too_many_subscriptions": [
    "Vous suivez trop de liens",
    "Cessez d’abord d’en suivre un."
  ],
  "is_playlist": [
    "Ce lien est une liste",
    "Téléchargez-la comme liste, ou utilisez le lien d’une seule vidéo."
  ],
  "bad_clip": [
    "L’extrait commence après la fin de la vidéo",
    "Choisissez un début plus tôt dans la vidéo."
  ],
  "media_offline": [
    "Le dossier multimédia est indisponible",
    "Vérifiez que le partage est monté. Les téléchargements attendent et vos fichiers sont intacts."
  ],
  "disk_full": [
    "Le dossier multimédia est plein",
    "Libérez de l’espace. Les téléchargements reprendront dès qu’il y en aura assez."
  ],
  "quota_reserved": [
    "Vos téléchargements en cours peuvent épuiser votre part de stockage",
    "Celui-ci attend qu’ils soient finis."
  ],
  "outside_hours": [
    "Votre règle pour {site} n’autorise les téléchargements qu’à certaines heures",
    "Celui-ci commencera alors."
  ],
  "site_pace": [
    "Votre règle pour {site} demande une pause entre les téléchargements",
    "Celui-ci commencera ensuite."
  ],
  "same_source": [
    "Ce lien est déjà en cours de récupération",
    "Celui-ci l’attend."
  ],
  "site_busy": [
    "Autant de téléchargements de {site} que permis tournent déjà",
    "Celui-ci attend son tour."
  ],
  "other_runs_alone": [
    "Un autre téléchargement tourne seul, car MediaFetcher s’est arrêté deux fois pendant qu’il tournait",
    "Celui-ci commence quand l’autre est fini."
  ],
  "slow_slots_busy": [
    "Autant de téléchargements à débit limité que permis tournent déjà",
    "Celui-ci commence quand l’un d’eux est fini."
  ],
  "conversion_busy": [
    "Attend la fin d’une autre conversion",
    "Le fichier est téléchargé, sa conversion vient ensuite."
  ],
  "no_cookies_here": [
    "Aucune machine active ne peut ouvrir les cookies de {site}",
    "Il attend la file du serveur lui-même."
  ],
  "media_read_only": [
    "Le dossier multimédia n’est pas accessible en écriture",
    "Vérifiez le montage et ses droits d’accès. Les téléchargements attendent."
  ],
  "store_frozen": [
    "On ne sait pas à qui est le dossier des médias",
    "Un administrateur en décide. Les téléchargements attendent ; vos fichiers sont intacts."
  ],
  "server_away": [
    "Le serveur ne répond pas à ce nœud de travail",
    "Vérifiez qu’il fonctionne et accède au dossier des médias. Le téléchargement attend."
  ],
  "database_away": [
    "La base de données ne répond pas",
    "Elle redémarre peut-être. Vos fichiers sont intacts."
  ],
  "away": [
    "Une partie du serveur est indisponible",
    "Réessayez dans un instant."
  ],
  "export_folder": [
    "Ce dossier contient d’autres fichiers",
    "Exportez vers un dossier vide ou nouveau."
  ],
  "export_busy": [
    "Un autre serveur travaille sur cet export",
    "Réessayez dans une minute."
  ],
  "stopping": [
    "MediaFetcher est en cours d’arrêt",
    "Réessayez une fois qu’il aura redémarré."
  ],
  "invalid_url": [
    "Ce lien n’est pas valide",
    "Saisissez une adresse complète en http:// ou https://."
  ],
  "unsupported_scheme": [
    "Seuls les liens http:// et https:// sont pris en charge",
    ""
  ],
  "weak_password": [
    "Ce mot de passe est trop facile à deviner",
    "Utilisez 8 à 128 caractères et évitez les mots de passe courants."
  ],
  "wrong_credentials": [
    "Nom ou mot de passe incorrect",
    "Vérifiez les deux et réessayez."
  ],
  "not_signed_in": [
    "Vous êtes déconnecté",
    "Connectez-vous de nouveau."
  ],
  "setup_code": [
    "Code à usage unique incorrect",
    "Exécutez « mediafetcher setup » sur le serveur pour obtenir le code actuel."
  ],
  "no_browser": [
    "Aucun navigateur n’a pu être lancé",
    "Ouvrez l’adresse du serveur dans un navigateur."
  ],
  "not_running": [
    "MediaFetcher n’est pas lancé sur ce dossier d’état",
    ""
  ],
  "one_time_link": [
    "Ce lien ne peut plus être utilisé",
    "Tapez de nouveau « mediafetcher »."
  ],
  "setup_closed": [
    "Ce serveur est déjà configuré",
    "Connectez-vous avec le compte existant."
  ],
  "too_slow": [
    "La requête a pris trop de temps",
    "Vérifiez votre connexion et réessayez."
  ],
  "too_many_requests": [
    "Trop de tentatives",
    "Attendez une minute et réessayez."
  ],
  "name_taken": [
    "Ce nom est déjà pris",
    "Choisissez un autre nom."
  ],
  "last_admin": [
    "C’est le dernier administrateur",
    "Nommez d’abord un autre administrateur."
  ],
  "wrong_state": [
    "Ce n’est plus possible",
    "Son état a changé entre-temps."
  ],
  "not_found": [
    "Cela n’existe plus",
    ""
  ],
  "forbidden": [
    "Vous n’avez pas l’autorisation de faire cela",
    ""
  ],
  "conflict": [
    "Cette action est en conflit avec des données existantes",
    "Rechargez la page et réessayez."
  ],
  "invalid": [
    "Le serveur n’a pas pu lire la demande",
    "Vérifiez votre saisie."
  ],
  "refused": [
    "Le serveur a rejeté la demande",
    ""
  ],
  "cross_site": [
    "La demande venait d’un autre site et a été bloquée",
    "Rechargez cette page."
  ],
  "wrong_host": [
    "Le serveur ne reconnaît pas cette adresse",
    "Pour l’autoriser, ajoutez son nom à MEDIAFETCHER_HOST_NAMES sur le serveur, ou sous Réglages → Limites."
  ],
  "body_too_large": [
    "La demande est trop volumineuse",
    "Envoyez-en moins à la fois."
  ],
  "method_not_allowed": [
    "Cette page n’est plus à jour",
    "Rechargez cette page."
  ],
  "not_json": [
    "Cette page n’est plus à jour",
    "Rechargez cette page."
  ],
  "bad_cookies": [
    "Ces cookies ne sont pas ceux de ce site",
    "Exportez-les au format cookies.txt, ou utilisez l’extension."
  ],
  "plain_http": [
    "Les cookies ne peuvent pas être envoyés par HTTP non chiffré",
    "Utilisez l’extension, ouvrez cette page en HTTPS, ou collez-les depuis le serveur lui-même."
  ],
  "not_paired": [
    "Ce navigateur n’est pas associé",
    "Associez-le de nouveau dans Réglages → Appareils."
  ],
  "pairing_code": [
    "Le code d’association est incorrect, déjà utilisé ou expiré",
    "Créez-en un nouveau dans Réglages → Appareils."
  ],
  "replayed": [
    "Ce message a déjà été reçu",
    "Renvoyez-le depuis l’extension."
  ],
  "sealed_box": [
    "Le message chiffré ne peut pas être lu",
    "Associez l’appareil de nouveau."
  ],
  "clock": [
    "L’horloge de l’appareil n’est pas à l’heure",
    "Mettez à l’heure l’appareil et le serveur, puis réessayez."
  ],
  "never_again": [
    "Vous avez bloqué le téléchargement de ce lien",
    "Pour le télécharger, choisissez « Autoriser de nouveau le téléchargement » sur son élément, ou exécutez « mediafetcher never --undo » avec le lien."
  ],
  "quota_exceeded": [
    "Vous avez atteint votre quota de stockage",
    "Supprimez des éléments et videz la corbeille, ou demandez un quota plus élevé à un administrateur."
  ],
  "no_room": [
    "Espace libre insuffisant pour ce téléchargement",
    "Il attend que d’autres téléchargements se terminent ou que vous libériez de l’espace."
  ],
  "already_running": [
    "MediaFetcher est déjà en cours d’exécution",
    "Arrêtez l’autre, ou utilisez un autre dossier d’état."
  ],
  "port_in_use": [
    "Le port est déjà utilisé",
    "Choisissez un autre port avec --port."
  ],
  "bad_setting": [
    "Un réglage du serveur n’est pas valide",
    "Vérifiez la configuration du serveur."
  ],
  "state_folder": [
    "Le dossier d’état est inutilisable",
    "Vérifiez ses droits d’accès, ou choisissez-en un autre avec --state."
  ],
  "database_moved": [
    "La base de données a été déplacée sur un autre serveur",
    "Indiquez la nouvelle adresse dans MEDIAFETCHER_DATABASE_URL."
  ],
  "target_not_empty": [
    "La base de données cible n’est pas vide",
    "Choisissez-en une vide. Rien n’a été modifié."
  ],
  "no_postgres": [
    "PostgreSQL n’est pas installé",
    "Installez-le, ou utilisez votre propre serveur avec --database-url."
  ],
  "older_schema": [
    "La base de données est plus ancienne que cette version de MediaFetcher",
    "Démarrez d’abord le serveur avec cette version. Il met la base de données à jour."
  ],
  "newer_schema": [
    "La base de données a été créée par un MediaFetcher plus récent",
    "Installez cette version, ou restaurez une sauvegarde plus ancienne."
  ],
  "backup_failed": [
    "Impossible de créer la sauvegarde",
    "Consultez le journal du serveur pour en connaître la raison."
  ],
  "restore_failed": [
    "Impossible de restaurer la sauvegarde",
    "La base de données n’a pas été modifiée."
  ],
  "backup_damaged": [
    "Ce n’est pas une sauvegarde, ou elle est endommagée",
    "Utilisez un autre fichier."
  ],
  "nothing_to_rebuild": [
    "Il n’y a ni sauvegarde ni journal pour reconstruire",
    "Nommez le dossier média de la bibliothèque."
  ],
  "library_not_empty": [
    "Ce dossier d’état a déjà une bibliothèque",
    "Nommez-en un vide. Rien n’a été changé."
  ],
  "rebuild_unfinished": [
    "Une reconstruction de cette bibliothèque a été interrompue",
    "Tapez `mediafetcher rebuild` à nouveau."
  ],
  "no_service_manager": [
    "Cette machine n’a ni OpenRC ni systemd",
    "Démarrez « mediafetcher serve » avec son propre gestionnaire de services."
  ],
  "service_failed": [
    "Impossible de créer le service",
    "Consultez le journal du serveur pour en connaître la raison."
  ],
  "index_away": [
    "Impossible de joindre l’index de paquets",
    "Réessayez plus tard."
  ],
  "update_refused": [
    "La nouvelle version de yt-dlp n’a pas passé les vérifications",
    "La version actuelle reste utilisée."
  ],
  "nothing_offered": [
    "Aucune version plus récente de yt-dlp n’est disponible",
    "Elle est déjà utilisée, ou elle n’a pas aidé."
  ],
  "nothing_before": [
    "Il n’y a pas de version précédente de yt-dlp",
    ""
  ],
  "pinned_setting": [
    "Ce réglage a été fixé au démarrage du serveur",
    "Modifiez-le dans les variables d’environnement ou les options du serveur."
  ],
  "site_paused": [
    "{site} limite les téléchargements",
    "Ses téléchargements reprendront automatiquement après une pause."
  ],
  "usage": [
    "Cette commande n’est pas valide",
    "Exécutez-la avec --help pour voir ses options."
  ],
  "problem": [
    "Une erreur est survenue",
    "Consultez le journal du serveur pour plus de détails."
  ],
  "internal": [
    "Une erreur est survenue",
    "Consultez le journal du serveur pour plus de détails."
  ]
};
