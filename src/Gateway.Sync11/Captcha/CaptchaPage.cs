using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Sync11.Captcha;

/// <summary>The page that clients show in a separate window, and of which they read two elements. It needs no script, style or picture, and sends nothing.</summary>
internal static class CaptchaPage
{
    public static Answer Of(CaptchaQuestion question)
    {
        var content = Encoding.UTF8.GetBytes(
            $"""
            <!doctype html>
            <html lang="{Text(question.Language)}">
            <head>
            <meta charset="utf-8">
            <meta name="color-scheme" content="light dark">
            <title>{Text(question.Title)}</title>
            </head>
            <body>
            <p><label for="recaptcha_response_field">{Text(question.Text)}</label></p>
            <p><input id="recaptcha_response_field" name="recaptcha_response_field" inputmode="numeric" autocomplete="off" autofocus></p>
            <input type="hidden" id="recaptcha_challenge_field" name="recaptcha_challenge_field" value="{Text(question.Challenge)}">
            </body>
            </html>

            """);
        return new Answer(200)
        {
            Headers =
            [
                KeyValuePair.Create("Content-Type", "text/html; charset=utf-8"),
                KeyValuePair.Create("Content-Language", question.Language),

                // No rule against frames: clients show it in a kind of frame, and there is nothing to click.
                KeyValuePair.Create("Content-Security-Policy", "default-src 'none'; form-action 'none'; base-uri 'none'"),
                KeyValuePair.Create("Cache-Control", "no-store"),
                KeyValuePair.Create("Referrer-Policy", "no-referrer"),
            ],
            Body = output => output.Write(content),
        };
    }

    private static string Text(string text) => HtmlEncoder.Default.Encode(text);
}
