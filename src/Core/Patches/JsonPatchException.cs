namespace Lockstep.Core.Patches;

/// <summary>A patch document that cannot be applied; the message is for the client. Never leaves <see cref="RecordPatch"/>.</summary>
internal sealed class JsonPatchException(string message) : Exception(message);
