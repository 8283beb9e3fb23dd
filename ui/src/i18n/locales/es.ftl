# Palabras: cortas, de tú. Dicen qué ha pasado y qué hacer.

## En todas partes

cancel = Cancelar
close-dialog = Cerrar
try-again = Reintentar
undo = Deshacer
undone = Deshecho
dismiss = Descartar aviso
copied = Copiado
copy-failed = El portapapeles no lo ha aceptado. Selecciona el texto y cópialo a mano.
or = o
you = Tú
you-object = ti
somebody = alguien
nobody = Nadie
no-team = Sin equipo
note = Nota
opening = Abriendo tu bandeja…
start-failed = Recado no ha podido arrancar
guard-text = Esta pantalla ha fallado. Tus mensajes y borradores están a salvo.
guard-reload = Mostrarla otra vez
toasts-label = Avisos de Recado
picker-nothing = Nada coincide
picker-more = { $count ->
    [one] Hay { $count } más. Escribe para buscar.
   *[other] Hay { $count } más. Escribe para buscar.
  }
picker-current = actual
back-to-list = Volver a la lista
back = Volver

## Tiempo

day-today = Hoy
day-yesterday = Ayer
duration-minutes = { $count ->
    [0] ahora
   *[other] { $count } min
  }
duration-hours = { $count } h
duration-days = { $count } d

## Unirse y entrar

join-title = Únete a tu espacio
join-lead = Pega el enlace que te han enviado: una invitación o el enlace de tu espacio de trabajo.
join-link = Enlace
join-unreadable = No parece un enlace de invitación. Empieza por recado://join
join-damaged = El archivo que indicaba tu servidor estaba dañado. Únete de nuevo e inicia sesión: tus conversaciones, borradores y mensajes sin enviar siguen en este equipo.
join-own-authority = De confianza por el certificado del enlace
join-system-authority = De confianza por los certificados de este equipo
join-submit = Unirme
join-busy = Preguntando al servidor…
join-foot = El enlace dice en qué servidor confiar. Usa solo uno de alguien que conozcas.
managed-join-title = Te damos la bienvenida a Recado
managed-join-lead = Tu organización ha preparado este espacio para ti.
managed-join-lead-many = Tu organización ha preparado estos espacios. ¿Cuál es el tuyo?
managed-join-foot = Preparado en este equipo por el departamento de informática de tu organización.
managed-join-submit = Continuar
managed-join-back = Los espacios de tu organización
join-notice-title = Ha llegado un enlace
join-notice-personal = Tienes la sesión abierta en { $workspace }. Una invitación o un enlace de restablecimiento se abre al iniciar sesión: cierra antes la sesión y abre el enlace de nuevo.
join-notice-lead = Tienes la sesión abierta en { $workspace }. Para unirte a otro espacio, cierra antes la sesión y abre el enlace de nuevo.
own-link-title = Abre tu enlace personal
own-link-lead = Pega la invitación o el enlace de restablecimiento que te han enviado.
own-link-label = Enlace personal
own-link-personal = Tu propio enlace para este espacio de trabajo
own-link-impersonal = Este enlace solo nombra el espacio de trabajo, al que ya te has unido. Una invitación o un enlace de restablecimiento es más largo.
own-link-submit = Abrir
own-link-back = Volver al inicio de sesión
sign-in-link = Tengo un enlace
enrol-step = Paso { $number } de { $of }
enrol-title = Únete a { $workspace }
enrol-invited-by = { $who } te invita a { $workspace }. Elige cómo te ven tus colegas y una contraseña.
enrol-invited = Tienes una invitación a { $workspace }. Elige cómo te ven tus colegas y una contraseña.
enrol-reset-title = Elige una contraseña nueva
enrol-password-reset-lead = Después muestra un código de tu autenticador y estarás de vuelta en { $workspace }. Se cierra tu sesión en todos los demás equipos.
enrol-account-reset-lead = Después configura de nuevo tu autenticador y estarás de vuelta en { $workspace }. Se cierra tu sesión en todos los demás equipos y tus códigos de recuperación anteriores dejan de servir.
enrol-name = Tu nombre
enrol-name-hint = Lo ven tus colegas y los clientes.
enrol-password = Contraseña
enrol-until = Tu enlace funciona una vez, hasta el { $time }. Si te interrumpen, ábrelo otra vez para continuar.
enrol-later = Continuar más tarde
enrol-cancel = Ahora no
enrol-back = Volver
enrol-authenticator-title = Configura tu autenticador
enrol-authenticator-lead = Cada vez que inicias sesión muestra un código que nadie más tiene. Nada queda completo hasta que escribas el primero.
enrol-authenticator-scan = Escanéalo con una aplicación de autenticación en tu teléfono o escribe la clave.
enrol-authenticator-submit = Completar e iniciar sesión
enrol-factor-title = Muestra tu autenticador
enrol-factor-lead = Escribe su código de 6 dígitos. Con él vale tu contraseña nueva.
enrol-codes-title = Guarda tus códigos de recuperación
enrol-codes-lead = Con uno de ellos entras si pierdes tu autenticador. Guárdalos donde no esté tu teléfono. Solo se muestran esta vez; cada uno sirve una vez.
enrol-codes-again = Crearlos de nuevo
enrol-codes-later = Continuar sin ellos; créalos más tarde en Ajustes, Seguridad
enrol-own-title = Configura tu propio autenticador
enrol-own-lead = Tu espacio de trabajo pide uno que nadie más haya visto. El que te entregaron te ha traído hasta aquí; a partir de ahora hace falta el tuyo.
enrol-own-leave = Iniciar sesión más tarde
sign-in-title = Entra en { $workspace }
sign-in-host = { $host }
sign-in-host-checked = { $host } · conexión comprobada
sign-in-email = Correo electrónico
sign-in-password = Contraseña
sign-in-show-password = Mostrar la contraseña
sign-in-hide-password = Ocultar la contraseña
sign-in-submit = Continuar
sign-in-busy = Comprobando…
sign-in-other-workspace = Otro espacio
sign-in-with = Continuar con { $provider }
sign-in-use-password = Usar una contraseña
sign-in-no-way = Con esta dirección no hay forma de entrar. Revísala o pregunta a tu administrador.
sign-in-no-way-password-only = En este equipo tu organización solo permite entrar con contraseña, y esta dirección no tiene. Revísala o pregunta a tu departamento de informática.
sign-in-no-way-managed = En este equipo tu organización solo permite entrar con su propio inicio de sesión, y para esta dirección no hay ninguno. Revísala o pregunta a tu departamento de informática.
sign-in-foot = Tu sesión se guarda solo en el llavero de este equipo.
sign-in-foot-vault = Tu sesión se guarda en un archivo de este equipo, protegido por tu frase de contraseña.
sign-in-foot-memory = En este equipo no se guarda nada. Al cerrar Recado, tu sesión termina y lo que no se haya enviado se pierde.
vault-choice-title = Este equipo no tiene llavero
vault-choice-lead = Recado guarda tu sesión y la clave de tu bandeja en el llavero del sistema, y no ha encontrado ninguno. Arranca o instala uno, elige una frase de contraseña o sigue sin guardar nada.
vault-choice-foot = Nadie puede recuperar una frase olvidada. Tus conversaciones siguen en el servidor.
vault-passphrase = Frase de contraseña
vault-passphrase-hint = Al menos { $count } caracteres. Unas cuantas palabras son más fáciles que un acertijo.
vault-repeat = Frase de contraseña, otra vez
vault-too-short = Es demasiado corta. Usa al menos { $count } caracteres.
vault-differs = No son iguales. Escríbela otra vez.
vault-show-passphrase = Mostrar la frase
vault-hide-passphrase = Ocultar la frase
vault-create = Guardar la frase y continuar
vault-decline = Continuar sin guardar nada
vault-look-again = Buscar un llavero otra vez
vault-busy = Un momento…
vault-unlock-title = Escribe tu frase de contraseña
vault-unlock-lead = Abre lo que Recado guarda en este equipo.
vault-unlock-lead-managed = Tu organización quiere tus claves en el llavero de este equipo. Escribe la frase una vez más y Recado lo traslada todo allí.
vault-unlock = Abrir
lock-title = Recado está bloqueado
lock-foot = No hay nada de tu bandeja abierto. Los mensajes nuevos llegan cuando desbloqueas.
lock-submit = Desbloquear
lock-forgotten = ¿La has olvidado?
lock-forgotten-lead = Nadie puede recuperarla. Puedes borrar lo que Recado guarda en este ordenador y entrar de nuevo: las conversaciones vuelven del servidor, lo que escribiste aquí y no se envió se pierde.
lock-erase = Borrar y entrar de nuevo
code-title = Escribe el código de 6 cifras
code-lead = De tu aplicación de autenticación, para entrar en { $workspace }.
code-label = Código de 6 cifras
code-submit = Entrar
code-busy = Entrando…
code-other-account = Otra cuenta
code-recovery = Usar un código de recuperación
recovery-sign-in-title = Escribe un código de recuperación
recovery-sign-in-lead = Uno de los diez que guardaste. Cada uno sirve una vez.
recovery-sign-in-back = Usar el autenticador
recovery-wrong = No es ninguno de tus códigos, o ya se usó. Revisa cada letra, o usa otro.
recovery-code-label = Código de recuperación

browser-title = Entra con tu navegador
browser-lead = Tu navegador ha abierto { $provider }. Identifícate allí; después { $workspace } se abre aquí solo.
browser-time-left = Tiempo restante: { $minutes }:{ $seconds }
browser-open-again = Abrir otra vez el navegador
browser-cancel = Cancelar
browser-failed-title = No has podido entrar
browser-retry = Intentar de nuevo
browser-back = Otras formas de entrar

## Problemas de este equipo

problem-retry = Reintentar
problem-reset-cache = Cargar todo de nuevo desde el servidor
problem-details = Detalles
problem-foot = No se ha borrado nada. Los mensajes sin enviar y los borradores se conservan.
problem-other = Recado no puede abrir tu bandeja
problem-keychain-locked = Tu llavero está bloqueado
problem-keychain-missing = No hay ningún llavero
problem-keychain-denied = El llavero se ha negado
problem-keychain-timeout = El llavero no responde
problem-keychain-mismatch = La clave del llavero no encaja
problem-cache-damaged = La copia local está dañada
problem-outbox-damaged = La bandeja de salida está dañada
problem-data-too-new = Estos datos piden un Recado más nuevo
problem-disk-full = El disco está lleno
problem-disk-failed = El disco no se puede usar
problem-lease-ended = Conéctate para seguir
problem-erase = Borrar lo que hay aquí y seguir
problem-erase-lead = Se borra todo lo que este equipo guarda de { $workspace }, también los mensajes sin enviar y los borradores. Lo que tiene el servidor sigue allí.
problem-erase-confirm = Borrar
erase-keep = Conservarlo
problem-policy-forbids = Tu organización no permite este servidor
problem-policy-invalid = La política de tu organización no se puede leer
problem-already-running = Recado ya está abierto

## Errores, uno por código

error-invalid-request = El servidor no ha entendido la petición. Actualiza Recado y reinténtalo.
error-invalid-value = Un valor no se ha aceptado. Cámbialo y reinténtalo.
error-too-large = Este mensaje es demasiado largo. Acórtalo y envíalo otra vez.
error-not-found = Ya no existe, o ya no puedes verlo.
error-permission-denied = Tu rol no puede hacer esto. Pídeselo a un administrador.
error-idempotency-conflict = Esto ya se envió con otras palabras. Cópialo y envíalo como mensaje nuevo.
error-predecessor-not-applied = Espera a una acción anterior que fue rechazada. Reintenta o descarta primero esa.
error-command-expired = Ha esperado demasiado. Cópialo y envíalo de nuevo.
error-client-too-old = Este Recado es demasiado antiguo para tu servidor. Actualízalo.
error-invalid-credentials = El correo o la contraseña no son correctos. Revísalos y reinténtalo.
error-invalid-code = Ese código no es correcto o ya se usó. Espera al siguiente. Si sigue fallando, revisa la hora de tu equipo y la de tu teléfono.
error-sign-in-expired = Has tardado demasiado en entrar. Empieza de nuevo.
error-too-many-attempts = { $seconds ->
    [0] Demasiados intentos. Espera un momento y reinténtalo.
    [one] Demasiados intentos. Reinténtalo en { $seconds } segundo.
   *[other] Demasiados intentos. Reinténtalo en { $seconds } segundos.
  }
error-session-ended = Tu sesión ha terminado. Entra de nuevo.
session-end-idle = Se cerró tu sesión porque aquí no se usó Recado durante mucho tiempo. Entra de nuevo: los borradores y lo que está pendiente de envío siguen aquí.
session-end-too-old = Es hora de volver a entrar. Los borradores y lo que está pendiente de envío siguen aquí.
session-end-refresh-reused = Se cerró tu sesión porque alguien más intentó usarla. Entra, revisa Ajustes > Sesiones y avisa a tu administrador.
session-end-account-disabled = Tu cuenta ya no está activa. Pregunta a tu administrador.
session-end-credentials-changed = Se cerró tu sesión porque cambió tu contraseña o tu autenticador. Si no fuiste tú, avisa ya a tu administrador.
session-end-ended-elsewhere = Cerraste esta sesión desde otro ordenador tuyo. Entra de nuevo para seguir aquí. Si no fuiste tú, avisa ya a tu administrador.
session-end-ended-by-admin = Un administrador cerró tu sesión aquí. Entra de nuevo o pregúntale por qué.
session-end-provider-ended = El acceso de tu empresa ha cerrado tu sesión. Entra de nuevo.
session-end-sso-required = Tu espacio de trabajo solo deja entrar con el acceso de tu empresa. Continúa con él.
error-session-wiped = Lo que Recado guardaba en este ordenador se ha borrado, porque lo pediste tú o un administrador. Tus conversaciones están en el servidor: entra para verlas de nuevo.
error-step-up-required = Muestra antes que eres tú.
error-password-refused = Esa contraseña es demasiado fácil de adivinar, o demasiado corta. Elige otra.
error-authenticator-required = Tu espacio de trabajo pide un autenticador propio. Inicia sesión y te guiaremos para configurarlo.
error-access-token-expired = Tu sesión se está renovando. Reinténtalo.
error-invalid-channel-key = El servidor no conoce la clave del canal.
error-sso-failed = El acceso de tu empresa no terminó bien. Empieza de nuevo.
error-sso-only = En este espacio se entra con el acceso de tu empresa. Elígelo abajo.
error-sso-denied = El acceso de tu empresa no te deja entrar en este espacio. Pregunta a tu administrador.
error-sso-unavailable = El acceso de tu empresa no responde. Reinténtalo en un momento; si sigue así, avisa a tu administrador.
error-personal-link-invalid = Este enlace ya se usó, fue retirado o ha caducado. Si ya terminaste con él, inicia sesión; si no, pide uno nuevo a tu administrador.
error-unreachable = No se llega al servidor. Revisa tu conexión y reinténtalo.
error-untrusted-certificate = El certificado del servidor no es el que conoce este equipo. No sigas; avisa a tu administrador.
error-clock-skew = El reloj de este equipo está mal. Ponlo en hora y reinténtalo.
error-overloaded = El servidor está ocupado. Reinténtalo en un momento.
error-internal = El servidor ha fallado; no ha cambiado nada. Reinténtalo en un momento.
error-invalid-join-link = Este enlace de invitación no se puede leer. Cópialo otra vez, entero.
error-cursor-gone = El servidor ya no guarda cambios tan antiguos. Recado lo compara todo de nuevo.
error-keychain-locked = Desbloquea tu llavero y reinténtalo. Recado guarda allí su clave.
error-keychain-missing = Recado guarda su clave en el llavero del sistema y no ha encontrado ninguno. Arranca o instala uno, como GNOME Keyring o KWallet, y reinténtalo.
error-keychain-denied = Permite que Recado use el llavero y reinténtalo.
error-keychain-timeout = El llavero no ha respondido a tiempo. Mira si te está preguntando algo y reinténtalo.
error-keychain-mismatch = La clave del llavero no abre los datos de este equipo. Abre el llavero que usabas antes y reinténtalo.
error-app-locked = Recado está bloqueado. Escribe su frase de contraseña para seguir.
error-vault-locked = Lo que Recado guarda en este equipo está protegido por tu frase de contraseña. Escríbela para seguir.
error-wrong-passphrase = Esa no es la frase. Míralo con el ojo y reinténtalo.
error-cache-damaged = La copia local de tus conversaciones no se puede leer. Recado puede cargarla de nuevo desde el servidor; los mensajes sin enviar y los borradores se quedan.
error-outbox-damaged = El archivo con tus mensajes sin enviar estaba dañado. Se ha guardado lo que se pudo leer y el archivo dañado se conserva. Revisa tu bandeja de salida y tus borradores.
error-data-too-new = Un Recado más nuevo escribió estos datos. Actualiza Recado y ábrelo de nuevo.
error-disk-full = Libera espacio en el disco y reinténtalo. Hasta entonces no se puede guardar lo que escribas.
error-disk-failed = Recado no ha podido leer o escribir en su carpeta de este equipo. Comprueba que el disco está y que puedes escribir en él, y reinténtalo.
error-lease-ended = Llevas sin conexión más tiempo del que permite tu espacio. Conéctate al servidor y tu bandeja se abrirá de nuevo.
error-already-running = Otra ventana de Recado usa estos datos. Ve a esa, o ciérrala y reinténtalo.
error-policy-forbids = La política de tu organización para este equipo no lo permite. Pregunta a tu departamento de informática qué está permitido.
error-policy-invalid = Recado arranca en cuanto la política se pueda leer: sin ella no se cumpliría algo que tu organización ha decidido. Enseña los detalles a tu departamento de informática.
error-link-refused = Recado no abre enlaces de este tipo.
error-client-failed = Algo ha fallado en Recado. Reinténtalo; si sigue igual, ábrelo de nuevo.
error-unknown = Ha fallado algo que este Recado no conoce. Actualízalo y reinténtalo.

## Por qué no

denied-not-active = Tu cuenta no está activa. Pregunta a un administrador.
denied-out-of-scope = Esta conversación está fuera de lo que puedes ver.
denied-missing-permission = A tu rol le falta «{ $permission }». Un administrador puede concederlo.

## Paneles

pane-sidebar = Vistas
pane-list = Conversaciones
pane-conversation = Conversación
pane-details = Detalles
pane-status = Estado
workspace-menu = Espacio
account-menu = { $name }: tu cuenta. { $state }
account-title = Tu cuenta
role-admin = Administrador
role-agent = Agente
role-light-agent = Agente de lectura
role-unknown = Un rol que este Recado no conoce
resize-sidebar = Ancho de las vistas
resize-list = Ancho de la lista
resize-details = Ancho de los detalles

## Vistas

view-mine = Mías
view-unassigned = Sin asignar
view-all = Todas
view-snoozed = Pospuestas
view-closed = Cerradas
view-team = Equipo
sidebar-teams = Equipos
sidebar-unread = { $count ->
    [one] { $count } sin leer
   *[other] { $count } sin leer
  }

## La lista

list-label = Conversaciones en { $view }
list-news = { $count ->
    [one] { $count } nueva arriba
   *[other] { $count } nuevas arriba
  }
list-partial = Conéctate para ver el resto.
sort-label = Orden
sort-newest = Más recientes
sort-longest-waiting = Más tiempo esperando
row-you = Tú:
row-draft = Borrador
row-note = Nota
row-empty = Sin mensajes todavía
row-refused = Algo fue rechazado
row-unread = sin leer
row-waiting = en espera
row-waiting-title = El cliente espera una respuesta
contact-unnamed = Cliente sin nombre
state-open = Abierta
state-closed = Cerrada
state-snoozed = Pospuesta
priority-first = Va primero
priority-normal = Normal
empty-mine = No tienes nada asignado
empty-unassigned = Todo tiene dueño
empty-all = No hay nada abierto
empty-team = Este equipo no tiene nada abierto
empty-snoozed = No hay nada pospuesto
empty-closed = Todavía no hay nada cerrado
empty-loading = Cargando tus conversaciones
empty-loading-progress = { $count } hasta ahora
empty-offline = Estás sin conexión
empty-offline-lead = Estas no están en este equipo. Conéctate para verlas.
lesson-unassigned = muestra lo que nadie ha cogido
lesson-mine = te devuelve a las tuyas
lesson-closed = muestra lo terminado
lesson-all = muestra todo lo abierto
lesson-snooze = aparta una conversación para más tarde
lesson-close = cierra una conversación
lesson-next = abre la conversación siguiente
lesson-palette = encuentra cada acción
nothing-selected = Elige una conversación

## Una conversación

thread-label = Mensajes con { $name }
thread-older = Cargando mensajes anteriores…
thread-gap = Cargando más mensajes…
thread-gap-offline = Conéctate para cargar lo que falta entre medias
thread-older-offline = Conéctate para cargar mensajes anteriores
thread-partial = Algunos mensajes anteriores no están en este equipo. Conéctate para verlos.
thread-target-offline = Ese mensaje no está en este equipo. Conéctate para verlo.
thread-target-missing = No se ha podido cargar ese mensaje.
thread-news = { $count ->
    [one] { $count } mensaje nuevo
   *[other] { $count } mensajes nuevos
  }
announce-news = { $count ->
    [one] { $count } conversación tiene novedades
   *[other] { $count } conversaciones tienen novedades
  }
announce-message = Mensaje nuevo de { $name }
message-label = { $author }, { $time }
message-label-note = Nota de { $author }, { $time }
message-show-more = Mostrar más (quedan { $count } caracteres)
message-frame = Mensaje con formato
message-taller = Mostrar más
message-shorter = Mostrar menos
link-title = Abre { $host }
author-bot = Automático
author-server = Recado
author-unknown = Autor importado
delivery-sent = enviado
delivery-sending = enviando…
delivery-queued = en cola
delivery-queued-offline = en cola, sin conexión desde { $since }
delivery-refused = rechazado
refused-retry = Reintentar
refused-copy = Copiar
refused-discard = Descartar
meanwhile-replied = { $author } respondió mientras no estabas
meanwhile-note = { $author } dejó una nota mientras no estabas
meanwhile-close = { $author } cerró esto mientras no estabas
meanwhile-open = { $author } reabrió esto mientras no estabas
meanwhile-snoozed = { $author } pospuso esto mientras no estabas
meanwhile-assigned-me = { $author } te asignó esto mientras no estabas
meanwhile-assigned-self = { $author } se asignó esto mientras no estabas
meanwhile-assigned = { $author } asignó esto a { $teammate } mientras no estabas
meanwhile-assigned-team = { $author } movió esto a { $team } mientras no estabas
meanwhile-unassigned = { $author } quitó la asignación mientras no estabas
meanwhile-priority-on = { $author } puso esto primero mientras no estabas
meanwhile-priority-off = { $author } devolvió la prioridad a normal mientras no estabas
meanwhile-tag-added = { $author } añadió la etiqueta { $tag } mientras no estabas
meanwhile-tag-removed = { $author } quitó la etiqueta { $tag } mientras no estabas
meanwhile-again = Rehacer mi cambio
snoozed-until = Pospuesta hasta { $until }
left-title = { $name } ha salido de tu vista
left-title-unnamed = Esta conversación ha salido de tu vista
left-lead = Se ha movido adonde no puedes verla. Ya no está en este equipo.
left-lead-written = Se ha movido adonde no puedes verla. Lo que estabas escribiendo sigue aquí.
left-copy = Copiar lo que escribí

event-assigned = { $mine ->
    [yes] Has asignado esto a { $teammate }
   *[no] { $author } ha asignado esto a { $teammate }
  }
event-assigned-self = { $mine ->
    [yes] Has cogido esto
   *[no] { $author } ha cogido esto
  }
event-assigned-team = { $mine ->
    [yes] Has movido esto a { $team }
   *[no] { $author } ha movido esto a { $team }
  }
event-assigned-both = { $mine ->
    [yes] Has asignado esto a { $teammate }, { $team }
   *[no] { $author } ha asignado esto a { $teammate }, { $team }
  }
event-unassigned = { $mine ->
    [yes] Has quitado la asignación
   *[no] { $author } ha quitado la asignación
  }
event-close = { $mine ->
    [yes] Has cerrado esto
   *[no] { $author } ha cerrado esto
  }
event-open = { $mine ->
    [yes] Has reabierto esto
   *[no] { $author } ha reabierto esto
  }
event-open-by-customer = Reabierta por el mensaje del cliente
event-snoozed = { $mine ->
    [yes] Has pospuesto esto hasta { $until }
   *[no] { $author } ha pospuesto esto hasta { $until }
  }
event-timer-unsnooze = La pausa ha terminado
event-priority-on = { $mine ->
    [yes] Has puesto esto primero
   *[no] { $author } ha puesto esto primero
  }
event-priority-off = { $mine ->
    [yes] Has devuelto la prioridad a normal
   *[no] { $author } ha devuelto la prioridad a normal
  }
event-unknown = Algo que esta versión de Recado no conoce. Actualiza Recado para verlo.
event-tag-added = { $mine ->
    [yes] Has añadido la etiqueta { $tag }
   *[no] { $author } ha añadido la etiqueta { $tag }
  }
event-tag-removed = { $mine ->
    [yes] Has quitado la etiqueta { $tag }
   *[no] { $author } ha quitado la etiqueta { $tag }
  }

## Escribir

composer-kind = Tipo de mensaje
composer-reply = Responder
composer-label-reply = Respuesta a { $name }
composer-label-note = Nota interna
composer-placeholder-reply = Responde a { $name }…
composer-placeholder-note = Una nota para tu equipo…
composer-note-private = Solo la ve tu equipo
composer-send = Enviar
composer-send-close = Enviar y cerrar
composer-add-note = Añadir nota
composer-too-long = Demasiado largo para enviarlo: déjalo en menos de un millón de caracteres
draft-saved = Guardado
draft-saving = Guardando…
draft-failed = Sin guardar en este equipo

## Lo que se ha hecho

done-closed = Cerrada
done-opened = Reabierta
done-snoozed = Pospuesta hasta { $until }
done-assigned = Asignada a { $name }
done-assigned-me = Asignada a ti
done-unassigned = Asignada a nadie
done-assigned-team = Movida a { $name }
done-unassigned-team = Sacada de su equipo
done-priority-on = Va primero
done-priority-off = Prioridad normal otra vez
done-tagged = Etiquetada con { $tag }
done-untagged = Etiqueta { $tag } quitada
done-unread = Marcada como no leída
done-again = Cambio rehecho
done-note = Nota añadida
undo-note-late = Tu equipo ya tiene la nota. Ya no se puede retirar.

## Detalles

contact-since = Desde { $date }
contact-email = Correo
contact-phone = Teléfono
contact-language = Idioma
contact-external-id = Tu id
details-conversation = Conversación
details-assignee = Asignada a
details-team = Equipo
details-priority = Prioridad
details-tags = Etiquetas
details-wakes = Vuelve
details-opened = Abierta
details-earlier = Anteriores
tag-remove = Quitar la etiqueta { $tag }

## Elegir

assign-me = { $name } (tú)
assign-placeholder = Asignar a…
assign-team-placeholder = ¿Qué equipo?
snooze-placeholder = ¿Hasta cuándo?
snooze-hour = En una hora
snooze-afternoon = Esta tarde
snooze-evening = Al final de la tarde
snooze-tomorrow = Mañana por la mañana
snooze-monday = El lunes por la mañana
snooze-week = En una semana
snooze-month = En un mes
tag-placeholder = Añade o quita una etiqueta…
tag-new = Etiqueta nueva «{ $tag }»
palette-placeholder = ¿Qué quieres hacer?
action-snooze = Posponer
action-close = Cerrar
action-open = Reabrir

## Búsqueda

search-label = Buscar
search-placeholder = Busca personas, asuntos, mensajes
search-results = Resultados
search-found = { $count ->
    [0] Nada
    [one] { $count } resultado
   *[other] { $count } resultados
  }
search-in-cache = en este equipo.
search-in-cache-offline = en este equipo. Conéctate para buscar en todo.
search-in-server = entre todo lo que puedes ver.
search-on-server = Buscar en todo el servidor
search-busy = Buscando en el servidor…

## Órdenes

section-general = General
section-list = Moverse
section-conversation = Conversación
section-writing = Escribir
section-navigation = Ir a
command-palette-open = Buscar una acción
command-search-open = Buscar
command-action-undo = Deshacer
command-action-redo = Rehacer lo rechazado o lo que otro cambió
command-connection-retry = Conectar ahora
command-outbox-retry-all = Reintentar todo lo rechazado
command-keys-show = Ver todas las teclas
command-settings-open = Ajustes
command-people-open = Personas e invitaciones
command-people-invite = Invitar a alguien
command-theme-toggle = Cambiar entre claro y oscuro
command-details-toggle = Mostrar u ocultar los detalles
command-sidebar-toggle = Mostrar u ocultar las vistas
command-account-sign-out = Cerrar la sesión
command-app-lock = Bloquear Recado
command-list-next = Conversación siguiente
command-list-previous = Conversación anterior
command-conversation-focus = Entrar en la conversación
command-list-focus = Volver a la lista
command-list-sort = Cambiar el orden de la lista
command-list-density = Cambiar entre filas amplias y compactas
command-conversation-reply = Responder
command-conversation-note = Escribir una nota
command-conversation-assign = Asignar a un compañero
command-conversation-assign-team = Mover a un equipo
command-conversation-assign-me = Asignármela
command-conversation-close = Cerrar
command-conversation-close-next = Cerrar e ir a la siguiente
command-conversation-open = Reabrir
command-conversation-snooze = Posponer
command-conversation-priority = Poner primero, o normal
command-conversation-tag = Etiquetar
command-conversation-unread = Marcar como no leída
command-composer-send = Enviar
command-composer-send-close = Enviar y cerrar
command-composer-send-snooze = Enviar y posponer
command-composer-toggle-kind = Cambiar entre respuesta y nota
command-composer-leave = Salir del texto
command-go-mine = Ir a Mías
command-go-unassigned = Ir a Sin asignar
command-go-all = Ir a Todas
command-go-snoozed = Ir a Pospuestas
command-go-closed = Ir a Cerradas
command-go-team = Ir a un equipo
command-go-outbox = Ir a la bandeja de salida
command-go-drafts = Ir a los borradores
command-go-search = Ir a la búsqueda
command-pane-next = Panel siguiente
command-pane-previous = Panel anterior

## Bandeja de salida

outbox-title = Salida
outbox-lead = Lo que has hecho, hasta que el servidor lo tiene.
outbox-lead-offline = Lo que has hecho se guarda aquí y sale cuando te conectes.
outbox-empty = Nada espera. Todo lo que has hecho ha llegado al servidor.
outbox-refused = Rechazado
outbox-waiting = En espera
outbox-drafts = Borradores
outbox-draft-unreachable = Ya no puedes ver esta conversación. Copia lo que necesites.
outbox-attempts = { $count ->
    [one] { $count } intento
   *[other] { $count } intentos
  }
outbox-reply = Respuesta a { $name }
outbox-note = Nota sobre { $name }
outbox-assign = { $name }: asignar a { $detail }
outbox-assign-team = { $name }: mover a { $detail }
outbox-close = { $name }: cerrar
outbox-open = { $name }: reabrir
outbox-snooze = { $name }: posponer hasta { $detail }
outbox-prioritize = { $name }: prioridad
outbox-tag-add = { $name }: añadir la etiqueta { $detail }
outbox-tag-remove = { $name }: quitar la etiqueta { $detail }
outbox-mark = { $name }: marca de lectura

## Ajustes

settings-title = Ajustes
settings-general = General
settings-notifications = Avisos
settings-keys = Teclas
settings-about = Acerca de
leaving-stay = Quedarme
leaving-go = Salir de todos modos
settings-security = Seguridad
settings-sessions = Sesiones
security-loading = Preguntando al servidor…
security-provider = El acceso de tu empresa
security-provider-lead = Responde por ti. La contraseña y el segundo factor se cambian allí.
security-password = Contraseña
security-password-given = La que te entregaron. Elige una tuya.
security-password-changed = Cambiada el
security-password-change = Cambiar…
security-authenticator = Aplicación de autenticación
security-authenticator-given = La que te entregaron. Configura la tuya.
security-authenticator-due = El que te entregaron. Configura el tuyo antes del { $date }.
security-authenticator-since = Configurada el
security-authenticator-replace = Sustituir…
security-recovery = Códigos de recuperación
own-factor-reminder = Tu espacio de trabajo pide un autenticador que nadie más haya visto. Configura el tuyo antes del { $date }.
own-factor-set-up = Configurarlo
own-factor-later = Más tarde
security-recovery-left = { $count ->
    [0] Ninguno. Sin ellos, si pierdes el móvil te quedas fuera.
    [one] Queda { $count } código de 10
   *[other] Quedan { $count } códigos de 10
  }
security-recovery-make = Crear códigos…
security-recovery-renew = Crear nuevos…
security-lock = Bloqueo de la aplicación
security-lock-off = Desactivado. Quien use este ordenador mientras no estás puede leer tu bandeja.
security-lock-on-demand = Se bloquea cuando tú lo dices
security-lock-after = { $count ->
    [one] Se bloquea tras { $count } minuto sin ti
   *[other] Se bloquea tras { $count } minutos sin ti
  }
security-lock-set = Configurar…
security-vault-lead = Si este equipo ya tiene llavero, lo que hay aquí puede pasar a él.
security-vault-leave = Pasar al llavero
app-lock-title = Bloqueo de la aplicación
app-lock-lead = Mientras Recado está bloqueado, sus archivos en este ordenador están cerrados y sus claves olvidadas. Se abre con esta frase, también al arrancar.
app-lock-current = Frase de contraseña actual
app-lock-new = Frase de contraseña nueva
app-lock-hint = Al menos { $count } caracteres. Se queda en este ordenador; nadie puede recuperarla.
app-lock-set = Activar
app-lock-change = Cambiar la frase
app-lock-remove = Desactivar
app-lock-done = Bloqueo configurado
app-lock-removed = Bloqueo desactivado
app-lock-after = Bloquear por sí solo
app-lock-minutes = { $count ->
    [one] Tras { $count } minuto sin ti
   *[other] Tras { $count } minutos sin ti
  }
app-lock-never = Solo cuando yo lo diga
app-lock-missing = Antes pon una frase de contraseña: Ajustes, Seguridad, Bloqueo de la aplicación.
password-title = Cambia tu contraseña
password-lead = Tus otras sesiones terminan. Esta sigue.
password-current = Contraseña actual
password-new = Contraseña nueva
password-submit = Cambiar contraseña
password-done = Contraseña cambiada. Tus otras sesiones han terminado.
password-hint-start = Unas palabras sin relación se recuerdan bien y se adivinan mal.
password-issue-too-short = Demasiado corta: usa al menos { $count } caracteres.
password-issue-too-long = Demasiado larga: usa menos caracteres.
password-issue-common = Está entre las que todo el mundo prueba primero.
password-issue-contains-context = Dice poco más que «{ $word }». Quítalo.
password-issue-repetitive = Se repite.
password-issue-sequential = Sigue el teclado o el alfabeto.
password-issue-unknown = No se acepta.
password-hint-keyboard = Una parte recorre el teclado.
password-hint-repeat = Una parte se repite.
password-hint-common = Se parece a una que usa mucha gente.
password-hint-sequence = Una parte cuenta o sigue el alfabeto.
password-hint-date = Las fechas se adivinan pronto.
password-hint-word = Una sola palabra se adivina pronto.
password-hint-name = Los nombres se adivinan pronto.
password-score-0 = Se adivina al momento.
password-score-1 = Se adivina rápido.
password-score-2 = Aceptable. Con una palabra más es fuerte.
password-score-3 = Fuerte.
password-score-4 = Muy fuerte.
step-up-lead = Para saber que eres tú: el código que muestra ahora tu autenticador.
step-up-submit = Seguir
step-up-provider-lead = Para saber que eres tú, el acceso de tu empresa pregunta una vez más. Para eso se abre tu navegador.
step-up-waiting = Tu navegador está abierto en el acceso de tu empresa. Entra allí; esto sigue solo.
step-up-browser = Abrir el navegador
authenticator-title = Configura otro autenticador
authenticator-lead = Escanea esto con una aplicación de autenticación, o escribe la clave. El que tienes ahora vale hasta que el nuevo muestre un código.
authenticator-picture = Código QR con la clave de tu autenticador
authenticator-code-lead = Después escribe el código que muestra la aplicación.
authenticator-submit = Usar este autenticador
authenticator-done = Autenticador sustituido. Tus otras sesiones han terminado.
recovery-title = Códigos de recuperación
recovery-lead = Con uno de ellos entras si pierdes el autenticador. Guárdalos donde no esté tu móvil. Los anteriores dejan de valer.
recovery-made-lead = Se muestran solo esta vez. Cada uno sirve una vez.
recovery-make = Crear diez códigos
recovery-save = Guardar en un archivo
recovery-saved = Guardados en { $path }
recovery-print = Imprimir
recovery-done = Ya los he guardado
recovery-lost = No has guardado ninguna copia de estos códigos de recuperación. No se pueden volver a mostrar: tendrías que crear otros.
sessions-lead = Dónde está abierta tu cuenta. El borrado llega a un ordenador al momento si está conectado; si no, en cuanto lo esté. Hasta entonces su copia se abre solo mientras pueda estar sin conexión.
sessions-whose = Sesiones de
sessions-none = Nadie ha entrado con esta cuenta.
sessions-end-others = Cerrar todas las demás
sessions-end-all = Cerrar todas
session-here = este ordenador
session-times = Inicio: { $begun } · último uso: { $used }
session-ended = Terminada. Su copia sigue cerrada hasta que alguien entre allí.
session-wipe-pending = Se borrará en cuanto se conecte
session-wiped = Borrado
session-unknown = En un estado que este Recado no conoce. Actualízalo.
session-end = Cerrar sesión
session-end-label = Cerrar sesión en { $device }
session-wipe = Borrar…
session-wipe-label = Borrar lo que hay en { $device }
session-wipe-question = ¿Borrar todo lo que Recado guarda en { $device }? Se pierde lo que se escribió allí y no se envió.
session-wipe-confirm = Borrar
session-unseen = sin confirmar
session-mine = He sido yo
session-mine-label = He sido yo en { $device }
new-sign-in-label = Nuevo inicio de sesión
new-sign-in = Se ha entrado con tu cuenta en { $device }.
new-sign-in-strange = No he sido yo
new-sign-in-ended = La sesión de { $device } está cerrada y su copia se borra. Cambia tu contraseña ahora: quien fuera la tenía.
new-sign-in-ended-provider = La sesión de { $device } está cerrada y su copia se borra. Avisa a los informáticos de tu empresa: quien fuera entró con su acceso.
new-sign-in-more =
    { $count ->
        [one] y una más
       *[other] y { $count } más
    }
settings-checkup = Protección
checkup-loading = Comprobando cada paso…
checkup-lead = Lo que hace más difícil entrar sin permiso en tu espacio de trabajo. Cada paso se comprueba ahora.
checkup-progress = { $done } de { $of } hechos
checkup-done = Hecho
checkup-open = Pendiente
checkup-open-for = { $open } de { $of }:
checkup-more =
    { $count ->
        [one] una más
       *[other] { $count } más
    }
checkup-own-authenticator = Todos han configurado su autenticador
checkup-own-authenticator-why = El que venía con la cuenta lo vio quien la entregó.
checkup-own-password = Todos han elegido su contraseña
checkup-own-password-why = Una contraseña entregada la conoce alguien más.
checkup-recovery-codes = Todos tienen códigos de recuperación
checkup-recovery-codes-why = Sin ellos, quien pierde el autenticador necesita a un administrador, y esa ayuda también puede pedirla un extraño.
checkup-factor-required = A todos se les pide un autenticador propio
checkup-factor-required-why = Mientras no se pida, una cuenta nueva sigue con el que venía con ella todo el tiempo que quiera su dueño.
checkup-sso-only = El inicio de sesión único es la única entrada
checkup-sso-only-why = Quien deja la empresa queda fuera de Recado al momento. Un administrador conserva su contraseña para el día en que falle.
checkup-second-admin = Hay un segundo administrador
checkup-second-admin-why = Nadie podría ayudar al único si pierde el autenticador.
checkup-few-admins = Pocos pueden hacerlo todo
checkup-few-admins-why = Cada cuenta de administrador lleva a todo lo que han escrito los clientes.
checkup-short-lease = Sin conexión, una copia se muestra un día como máximo
checkup-short-lease-why = Quien pierde el acceso estando sin conexión puede seguir leyendo hasta que acaba ese plazo.
checkup-unused-copies = Ningún ordenador olvidado guarda una copia
checkup-unused-copies-why = Nadie notaría que falta uno que no se usa desde hace 30 días. Borra su copia.
checkup-unseen-sign-ins = Cada inicio de sesión nuevo está explicado
checkup-unseen-sign-ins-why = Alguien entró donde la cuenta no era conocida. Su dueño no ha dicho que fuera correcto.
checkup-mine = Configurar lo mío
checkup-remind = Copiar un aviso
checkup-reminder = Abre Recado, ve a Ajustes → Seguridad y resuelve lo que está señalado: tu propia contraseña, tu propio autenticador y códigos de recuperación. Son tres minutos.
checkup-reminder-copied = Copiado. Envíaselo.
checkup-command = Copiar la orden
checkup-command-label = Copiar la orden { $command }
checkup-command-copied = Copiado. Ejecútala en el servidor.
checkup-an-address = DIRECCIÓN
checkup-sessions = Ver sesiones
settings-people = Personas
people-lead = A quién se ha invitado y aún no ha entrado, y qué accesos se están restableciendo. Un enlace funciona una vez, como mucho durante 72 horas.
people-invite = Invitar a alguien
people-reset = Restablecer un acceso
people-none = Ya han entrado todas las personas invitadas y no queda ningún enlace abierto.
people-stale = { $why } Abajo ves cómo estaba antes.
people-coming = Con invitación, sin entrar aún
people-resets = Accesos que se restablecen
people-you = ti
people-console = la consola del servidor
people-by-invitation = Invitación hecha por { $who } · { $time }
people-by-password-reset = Elige una contraseña nueva · enlace hecho por { $who } · { $time }
people-by-account-reset = Configura de nuevo contraseña y autenticador · enlace hecho por { $who } · { $time }
people-by-unknown = Para algo que este Recado no conoce; actualízalo · enlace hecho por { $who } · { $time }
people-until = El enlace funciona hasta: { $time }
people-ran-out = El enlace caducó: { $time }
people-ran-out-mark = caducado
people-again = Enlace nuevo…
people-again-label = Enlace nuevo para { $name }
people-withdraw = Retirar…
people-withdraw-label = Retirar el enlace de { $name }
people-withdraw-question = ¿Retirar el enlace de { $name }? A quien lo abra desde ahora no le servirá.
people-withdraw-confirm = Retirar
people-withdraw-keep = Dejarlo
people-withdrawn = Retirado. El enlace ya no abre nada.
people-invite-lead = Recibes un enlace para esa persona que funciona una vez. Con él elige su propia contraseña y configura su autenticador.
people-invite-again-lead = Recibes otro enlace para esa persona. El anterior deja de funcionar.
people-name = Nombre
people-name-hint = Puede escribirlo de otra forma al unirse.
people-name-missing = Escribe el nombre con el que la conocerán colegas y clientes.
people-email = Correo electrónico
people-email-hint = Con él iniciará sesión.
people-email-wrong = Eso no es una dirección de correo. Escríbela como nombre@example.com.
people-email-known = { $name } ya está aquí con esta dirección. Vuelve y restablece su acceso.
people-role = Rol
people-role-agent-hint = Responde a los clientes. Ve las conversaciones de sus equipos.
people-role-light-agent-hint = Lee las conversaciones de sus equipos y escribe notas.
people-role-admin-hint = Lo ve todo y decide quién entra.
people-teams = Equipos
people-lifetime = Cuánto tiempo vale el enlace
people-lifetime-hour = Una hora
people-lifetime-hour-hint = Para quien lo abre mientras habláis.
people-lifetime-day = Un día
people-lifetime-three-days = Tres días
people-letter-language = Idioma del texto que acompaña al enlace
people-make = Crear el enlace
people-made-lead = Recado no envía correo: envía tú este texto a { $name } ({ $email }). Su enlace funciona una vez, hasta: { $time }.
people-made-text = El texto para enviar
people-made-copy = Copiar el texto
people-made-copy-link = Copiar solo el enlace
people-made-copied = Copiado. Envíaselo a { $name } y a nadie más.
people-made-done = Listo
people-made-lost = No has copiado el enlace para { $name }. No se puede volver a mostrar: tendrías que crear otro.
people-made-once = El texto solo está aquí ahora. Si se pierde, crea un enlace nuevo: entonces este deja de funcionar.
people-reset-lead = Para un colega que no puede entrar. Recibes un enlace para esa persona que funciona una vez. Cuando lo haya usado, se cierra su sesión en todos los demás equipos.
people-reset-sure = Esto también lo piden desconocidos. Antes de enviarlo, llama a un número que conozcas.
people-reset-whose = De quién
people-reset-choose = Elige a alguien
people-reset-missing = Elige de quién es el acceso.
people-reset-what = Qué ha perdido
people-reset-password = La contraseña
people-reset-password-hint = Elige una nueva y muestra su autenticador o un código de recuperación.
people-reset-authenticator = El autenticador, o ambos
people-reset-authenticator-hint = Configura ambos de nuevo. Sus códigos de recuperación anteriores dejan de servir.
people-refused-invite = El servidor no lo ha aceptado. Puede que ya haya alguien con esta dirección o que un equipo ya no exista: revisa cada campo y reinténtalo.
people-refused-role = No puedes dar un rol que permita más que el tuyo. Elige otro o pídeselo a un administrador.
people-refused-sso = Aquí se entra solo con el acceso de la empresa, así que ningún enlace sirve. Pide a los informáticos de tu empresa que le den acceso.
people-refused-reset = No hay contraseña que restablecer: la cuenta no está en uso o responde por ella el acceso de tu empresa. Pregunta a los informáticos de tu empresa.
people-refused-account = No puedes restablecer esta cuenta: permite más que la tuya, o solo puede hacerlo la consola del servidor. Pídeselo a un administrador.
people-refused-gone = Esa persona ya no está aquí. Vuelve y elige a otra.
people-refused-ended = Este enlace ya había terminado. La lista está al día.
settings-as-system = Como el sistema
settings-language = Idioma
settings-theme = Aspecto
settings-theme-light = Claro
settings-theme-dark = Oscuro
settings-density = Filas de la lista
settings-density-comfortable = Amplias, con etiquetas
settings-density-compact = Compactas
settings-notifications-title = Un mensaje nuevo con Recado en segundo plano
settings-notifications-hint = De lo que es tuyo y de lo que nadie ha cogido en tus equipos.
notifications-full = Quién y qué
notifications-full-hint = El nombre y las primeras palabras
notifications-sender = Quién
notifications-sender-hint = Solo el nombre
notifications-hidden = Solo que hay uno
notifications-hidden-hint = Ni nombre ni palabras
notifications-off = Nada
settings-single-keys = Teclas de una sola letra
settings-single-keys-hint = Desactívalas si dictas, o si las pulsas sin querer.
keys-none = ninguna
keys-press = Pulsa las teclas…
keys-change = Cambiar la tecla de { $title }
keys-change-short = Cambiar
keys-reset = Restablecer la tecla de { $title }
keys-reset-short = Restablecer
keys-reset-all = Restablecer todas las teclas
keys-conflict = { $keys } pertenece a: { $title }
keys-take = Quitársela
about-version = Versión { $version }
about-server = Servidor
about-account = Cuenta
about-keychain = Llavero
about-keychain-vault = Un archivo protegido por tu frase de contraseña
about-cipher = Cifrado
about-cache = Copia local
about-cache-size = { $megabytes } MB, cifrada
about-conversations = Conversaciones
about-folder = Carpeta
managed-title = Gestionado por tu organización
managed-lead = Tu departamento de informática lo ha fijado en este equipo. Aquí no se puede cambiar.
managed-servers = Servidores
managed-servers-locked = Servidores, ningún otro
managed-methods = Formas de entrar
managed-method-password = contraseña con segundo factor
managed-method-oidc = el inicio de sesión de tu organización
managed-keychain-required = Obligatorio; no se guarda nada en otro sitio
managed-files = Fijado en
about-promise = Las conversaciones, la búsqueda y los borradores están cifrados en este equipo. La clave está en el llavero y en ningún otro sitio.

## Cerrar la sesión

sign-out-title = ¿Cerrar la sesión?
sign-out-lead = La copia de este equipo se destruye. Todo lo del servidor se queda.
sign-out-unsent = Renunciar también a lo que solo existe aquí: { $actions ->
    [0] nada sin enviar
    [one] { $actions } acción sin enviar
   *[other] { $actions } acciones sin enviar
  }, { $drafts ->
    [0] ningún borrador
    [one] { $drafts } borrador
   *[other] { $drafts } borradores
  }.
sign-out-confirm = Cerrar la sesión

## Barra de estado

status-online = Conectado
status-idle = Sin sesión
status-connecting = Conectando…
status-loading-heads = Cargando la lista: { $count }
status-loading-bodies = Cargando mensajes: { $count } de { $total }
status-offline = Sin conexión desde { $since }
status-queued = { $count ->
    [one] { $count } acción en cola
   *[other] { $count } acciones en cola
  }
status-sending = { $count ->
    [one] Enviando { $count }
   *[other] Enviando { $count }
  }
status-refused = { $count ->
    [one] { $count } rechazada
   *[other] { $count } rechazadas
  }
status-clock-ahead = El reloj de este equipo va { $minutes } min adelantado
status-clock-behind = El reloj de este equipo va { $minutes } min atrasado
status-cache = Copia local cifrada
status-not-stored = No se guarda en este equipo
status-hints = { $next }/{ $previous } moverse · { $keys } todas las teclas
