using System.Text;
using System.Text.Encodings.Web;

namespace Lockstep.Gateway.Pages;

/// <summary>A page without script or style, for requests that could not be answered otherwise. It says in every language what happened and what to do.</summary>
internal static class RefusalPage
{
    public static byte[] Write(PageTexts texts, string key)
    {
        var page = new StringBuilder("<!doctype html>\n<html lang=\"").Append(texts.Languages[0]).Append("\">\n<head>\n<meta charset=\"utf-8\">\n")
            .Append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n<title>")
            .Append(Text(texts, texts.Languages[0], $"{key}.title")).Append("</title>\n</head>\n<body>\n<main>\n");
        foreach (var language in texts.Languages)
        {
            page.Append("<section lang=\"").Append(language).Append("\">\n<h1>").Append(Text(texts, language, $"{key}.title"))
                .Append("</h1>\n<p>").Append(Text(texts, language, $"{key}.advice")).Append("</p>\n</section>\n");
        }

        return Encoding.UTF8.GetBytes(page.Append("</main>\n</body>\n</html>\n").ToString());
    }

    private static string Text(PageTexts texts, string language, string key) => HtmlEncoder.Default.Encode(texts.Get(language, key));
}
