namespace Lockstep.Import.ServerFull;

/// <summary>A row of the table <c>user</c>.</summary>
/// <param name="Id">Their number, by which rows of records are theirs.</param>
/// <param name="Name">What they sign in with.</param>
/// <param name="Password">Its hash; null for none.</param>
/// <param name="IsOpen">Whether they could sign in: <c>accountStatus</c> is 1.</param>
/// <param name="Mail">Their address; empty for none.</param>
public sealed record ServerFullUser(long Id, string Name, string? Password, bool IsOpen, string Mail);
