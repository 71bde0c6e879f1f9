using System.Text;
using System.Text.Json;

namespace Lockstep.Gateway.Kinto;

/// <summary><c>/contribute.json</c>: how to contribute to the server's project, as the setting says.</summary>
/// <remarks>contributejson.org; Kinto: kinto/views/contribute.py.</remarks>
internal sealed class ContributeView(KintoOptions options)
{
    private readonly byte[] content = Encoding.UTF8.GetBytes(options.Contribute ?? "");

    public KintoPlan Get() => new KintoResponse(200) { Body = output => System.Buffers.BuffersExtensions.Write(output, content), Length = content.Length };

    /// <summary>Whether the setting is a valid answer.</summary>
    public static bool IsObject(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.ValueKind == JsonValueKind.Object;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
