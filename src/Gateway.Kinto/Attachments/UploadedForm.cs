using Lockstep.Core.Attachments;

namespace Lockstep.Gateway.Kinto.Attachments;

/// <summary>What came with an upload.</summary>
/// <param name="File">The file, whose content is stored.</param>
/// <param name="Data">The part <c>data</c>, in JSON; empty for none.</param>
/// <param name="Permissions">The part <c>permissions</c>, in JSON; empty for none.</param>
internal sealed record UploadedForm(Attachment File, ReadOnlyMemory<byte> Data, ReadOnlyMemory<byte> Permissions);
