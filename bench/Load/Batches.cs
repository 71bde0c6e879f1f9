using System.Text;

namespace Lockstep.Bench;

/// <summary>Bodies for <c>POST /v1/batch</c>.</summary>
internal static class Batches
{
    /// <param name="count">Parts.</param>
    /// <param name="path">Of the object, to which a number is added.</param>
    /// <param name="body">Of each part; null for none.</param>
    public static string Put(int count, string path, string? body)
    {
        var text = new StringBuilder("""{"requests":[""");
        for (var i = 0; i < count; i++)
        {
            text.Append(i > 0 ? "," : "").Append($"{{\"method\":\"PUT\",\"path\":\"{path}{RequestTemplate.Number}\"");
            text.Append(body is null ? "}" : $",\"body\":{body}}}");
        }

        return text.Append("]}").ToString();
    }
}
