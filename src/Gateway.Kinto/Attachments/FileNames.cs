using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using Lockstep.Core.Attachments;
using Lockstep.Core.Records;

namespace Lockstep.Gateway.Kinto.Attachments;

/// <summary>
/// The member <c>attachment</c> of a record, as kinto-attachment writes it, whose <c>location</c> ends with the file's id: 48 hexadecimal digits, which cannot be
/// guessed. The extension after it is for people, and for programs that judge files by their names.
/// </summary>
public sealed class FileNames : IFileNames
{
    /// <summary>The member, and the part of a form that has the file.</summary>
    public const string Field = "attachment";

    private const int IdBytes = 24;
    private const int MaxExtension = 10;

    /// <summary>A new file's id, of 192 random bits.</summary>
    public static string NewId() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(IdBytes));

    /// <summary>The end of a file's URL.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="fileName">Its sender's name for it. The extension is kept if it is a plain one.</param>
    public static string SegmentOf(string id, string fileName)
    {
        var extension = Path.GetExtension(fileName).TrimStart('.').ToLowerInvariant();
        return extension.Length is > 0 and <= MaxExtension && extension.All(char.IsAsciiLetterOrDigit) ? $"{id}.{extension}" : id;
    }

    /// <returns>The file that a URL, or the end of one, names; null if it cannot name any.</returns>
    public static string? IdIn(string location)
    {
        var segment = location[(location.LastIndexOf('/') + 1)..];
        var dot = segment.IndexOf('.', StringComparison.Ordinal);
        var id = dot < 0 ? segment : segment[..dot];
        return id.Length == 2 * IdBytes && id.All(char.IsAsciiHexDigitLower) ? id : null;
    }

    public NamedFile Read(ReadOnlyMemory<byte> data)
    {
        // Most records name no file, and need not be read.
        if (data.Span.IndexOf("\"attachment\""u8) < 0 && !data.Span.Contains((byte)'\\'))
        {
            return default;
        }

        using var document = JsonText.ParseAgain(data);
        return document.RootElement.TryGetProperty(Field, out var member) && JsonText.IsTruthy(member)
            ? new NamedFile(JsonMarshal.GetRawUtf8Value(member).ToArray(), LocationOf(member) is { } location ? IdIn(location) : null)
            : default;
    }

    private static string? LocationOf(JsonElement member) =>
        member.ValueKind == JsonValueKind.Object && member.TryGetProperty("location"u8, out var location) ? JsonText.Read(location) : null;
}
