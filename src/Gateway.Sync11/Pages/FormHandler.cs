using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Sync11.Pages;

/// <summary>Handles a form of a page.</summary>
internal delegate ValueTask<Answer> FormHandler(FormHandlers forms, FormRequest request, CancellationToken cancellationToken);
