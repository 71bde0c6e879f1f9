using System.Globalization;
using System.Text;
using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.Audit;

/// <summary>An event as a line, with the fields that Mozilla's server wrote.</summary>
/// <remarks>ArcSight Common Event Format, revision 25: seven fields parted by bars, then keys and values.</remarks>
internal static class CefLine
{
    private const int MaxLength = 512;

    public static string Of(AuditEvent what, AuditSource source, AuditOptions options)
    {
        var line = new StringBuilder("CEF:0|");
        foreach (var field in new[] { options.Vendor, options.Product, options.DeviceVersion ?? ServerVersion.Version, what.Signature, what.Name, what.Severity.ToString(CultureInfo.InvariantCulture) })
        {
            Append(line, field, '|').Append('|');
        }

        line.Append("cs1Label=requestClientApplication cs1=");
        Append(line, source.Agent, '=').Append(" requestMethod=");
        Append(line, source.Method, '=').Append(" request=");
        Append(line, source.Path, '=');
        if (source.Address is { } address)
        {
            Append(line.Append(" src="), (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString(), '=');
        }

        return Append(line.Append(" suser="), source.User ?? "none", '=').ToString();
    }

    /// <summary>Escapes what separates fields, and breaks no line.</summary>
    private static StringBuilder Append(StringBuilder line, string text, char parting)
    {
        foreach (var letter in text.Length <= MaxLength ? text : text[..MaxLength])
        {
            if (letter == parting || letter == '\\')
            {
                line.Append('\\');
            }

            line.Append(char.IsControl(letter) ? ' ' : letter);
        }

        return line;
    }
}
